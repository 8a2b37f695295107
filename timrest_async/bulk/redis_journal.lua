--[[ The journal of one run, which its submitter and its workers share. One run of this script is one entry.

Who may write holds a lease: of the run who reads its input, or of a chunk who carries it, by the chunk's start. A lease
that is over is good until another takes it. What is written about a chunk that ended changes nothing, and so does a
question that comes again because its answer was lost, or late: of one holder, only rising numbers count.

KEYS  the run; the starts of its open chunks; what these hold; the numbers of their calls; leases; what ended, a stream
ARGV  what to do; for how many milliseconds all of it is kept; who asks; what that takes: see the functions at the end ]]

local RUN, OPEN, BODIES, CALLS, LEASES, ENDED = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local holder = ARGV[3]
local STATUSES = { 'sent', 'refused', 'unknown', 'skipped' }

local function text(number)
    return string.format('%.0f', number) -- what Redis makes of a number by itself loses digits
end

local function clock()
    local now = redis.call('TIME')
    return now[1] * 1000000 + now[2]
end

-- Return who has the lease *of* something, and for how many milliseconds still.
local function lease(of)
    local kept = redis.call('HGET', LEASES, of)
    local whose, over = string.match(kept or '', '^(%S+) (%d+)$')
    return whose, math.ceil((tonumber(over or 0) - clock()) / 1000)
end

local function take(of, milliseconds)
    redis.call('HSET', LEASES, of, holder .. ' ' .. text(clock() + tonumber(milliseconds) * 1000))
end

local function is_mine(of)
    return (lease(of)) == holder
end

-- Return for how long another holds one of the open chunks between two places; 0 if nobody does.
local function held_for(from, to)
    local longest = 0
    for _, start in ipairs(redis.call('ZRANGEBYSCORE', OPEN, from, '(' .. to)) do
        local whose, left = lease(start)
        if whose and whose ~= holder then
            longest = math.max(longest, left)
        end
    end
    return longest
end

-- Return the open chunks between two places, each with the numbers of its call, and how many seconds ago it went out.
local function chunks(from, to)
    local found, now = {}, clock()
    for _, start in ipairs(redis.call('ZRANGEBYSCORE', OPEN, from, '(' .. to)) do
        local seq, random, begun = string.match(redis.call('HGET', CALLS, start), '^(%d+) (%d+) (%d+)')
        local age = begun == '0' and '' or string.format('%.6f', (now - tonumber(begun)) / 1000000)
        table.insert(found, { start, redis.call('HGET', BODIES, start), seq, random, age })
    end
    return found
end

local function is_late(start, number)
    local whose, last = string.match(redis.call('HGET', CALLS, start) or '', ' (%S+) (%d+)$')
    return whose == holder and tonumber(last) >= tonumber(number)
end

local function note_call(start, seq, random, begun, number)
    redis.call('HSET', CALLS, start, table.concat({ seq, random, begun, holder, number }, ' '))
end

local function note_chunk(start, body, seq, random, number)
    redis.call('ZADD', OPEN, start, start)
    redis.call('HSET', BODIES, start, body)
    note_call(start, seq, random, 0, number)
end

local does = {}

-- milliseconds of the lease; 'alone' or 'leads'; the job's kind, fingerprint and template
function does.open(milliseconds, how, kind, fingerprint, template)
    local whose, left = lease('run')
    if whose == holder then
        left = 0
    end
    if how == 'alone' then
        left = math.max(left, held_for('-inf', '+inf'))
    end
    if left > 0 then
        return { 'held', left }
    end
    local known = redis.call('HMGET', RUN, 'kind', 'fingerprint', 'read', 'digest', unpack(STATUSES))
    if known[1] and (known[1] ~= kind or known[2] ~= fingerprint) then
        return { 'other' }
    end
    redis.call('HSET', RUN, 'kind', kind, 'fingerprint', fingerprint, 'template', template, 'how', how)
    redis.call('HDEL', RUN, 'halted')
    take('run', milliseconds)
    local last = redis.call('XREVRANGE', ENDED, '+', '-', 'COUNT', 1)[1]
    local counts = {}
    for at = 1, #STATUSES do
        counts[at] = known[at + 4] or 0
    end
    return { 'open', known[3] or 0, known[4] or '', counts, last and last[1] or '0-0', chunks('-inf', '+inf') }
end

-- where the piece starts and ends; milliseconds of the lease
function does.claim(from, to, milliseconds)
    local kind, template, how, halted = unpack(redis.call('HMGET', RUN, 'kind', 'template', 'how', 'halted'))
    local starts = redis.call('ZRANGEBYSCORE', OPEN, from, '(' .. to)
    if halted or #starts == 0 then
        return { 'over' }
    end
    local left = held_for(from, to)
    if how == 'alone' then
        local _, of_run = lease('run')
        left = math.max(left, of_run)
    end
    if left > 0 then
        return { 'held', left }
    end
    for _, start in ipairs(starts) do
        take(start, milliseconds)
    end
    return { 'claimed', kind, template, chunks(from, to) }
end

-- milliseconds of the lease; of what. Says how many milliseconds ago something was sent, and whether the run goes on
function does.renew(milliseconds, ...)
    for _, of in ipairs({ ... }) do
        if of == 'run' or redis.call('ZSCORE', OPEN, of) then
            if not is_mine(of) then
                return { 'lost' }
            end
            take(of, milliseconds)
        end
    end
    local went_well, halted = unpack(redis.call('HMGET', RUN, 'went_well', 'halted'))
    return { 'kept', went_well and math.floor((clock() - tonumber(went_well)) / 1000) or -1, halted and 1 or 0 }
end

-- of what
function does.release(...)
    for _, of in ipairs({ ... }) do
        if is_mine(of) then
            redis.call('HDEL', LEASES, of)
        end
    end
    return { 'done' }
end

-- where pieces start and end. Says for how many milliseconds each is held; -1 where nothing of it is open
function does.held(...)
    local places, left = { ... }, {}
    for at = 1, #places, 2 do
        local from, to = places[at], places[at + 1]
        local is_open = redis.call('ZCOUNT', OPEN, from, '(' .. to) > 0
        table.insert(left, is_open and held_for(from, to) or -1)
    end
    return left
end

-- why, as JSON
function does.halt(why)
    if redis.call('HSETNX', RUN, 'halted', why) == 1 then
        redis.call('XADD', ENDED, '*', 'halted', why)
    end
    return { 'done' }
end

-- a number that rises; where the chunk starts and ends; the input's digest; what it holds; the numbers of its call
function does.plan(number, start, to, digest, body, seq, random)
    if not is_mine('run') then
        return { 'lost' }
    end
    if tonumber(start) >= tonumber(redis.call('HGET', RUN, 'read') or 0) then
        redis.call('HSET', RUN, 'read', to, 'digest', digest)
        note_chunk(start, body, seq, random, number)
    end
    return { 'done' }
end

-- by what lease; a number that rises; the chunk, and the numbers of its call
function does.begin(of, number, start, seq, random)
    if not is_mine(of) or not redis.call('ZSCORE', OPEN, start) then
        return { 'lost' }
    end
    if redis.call('HEXISTS', RUN, 'halted') == 1 then
        return { 'halted' }
    end
    if not is_late(start, number) then
        note_call(start, seq, random, text(clock()), number)
    end
    return { 'done' }
end

-- as begin
function does.withdraw(of, number, start, seq, random)
    if not is_mine(of) or not redis.call('ZSCORE', OPEN, start) then
        return { 'lost' }
    end
    if not is_late(start, number) then
        note_call(start, seq, random, 0, number)
    end
    return { 'done' }
end

-- by what lease; a number that rises; of both halves the start, what it holds, and the numbers of its call
function does.split(of, number, start, body, seq, random, other, other_body, other_seq, other_random)
    if not is_mine(of) or not redis.call('ZSCORE', OPEN, start) then
        return { 'lost' }
    end
    if not is_late(start, number) then
        note_chunk(start, body, seq, random, number)
        note_chunk(other, other_body, other_seq, other_random, number)
        if of ~= 'run' then
            redis.call('HSET', LEASES, other, redis.call('HGET', LEASES, of))
        end
    end
    return { 'done' }
end

-- by what lease; the chunk; its recipients and outcomes; how many came to which end
function does.settle(of, start, recipients, outcomes, ...)
    if not redis.call('ZSCORE', OPEN, start) then
        return { 'done' }
    end
    if not is_mine(of) then
        return { 'lost' }
    end
    for at, number in ipairs({ ... }) do
        redis.call('HINCRBY', RUN, STATUSES[at], number)
        if at == 1 and tonumber(number) > 0 then
            redis.call('HSET', RUN, 'went_well', text(clock()))
        end
    end
    redis.call('XADD', ENDED, '*', 'start', start, 'recipients', recipients, 'outcomes', outcomes)
    redis.call('ZREM', OPEN, start)
    for _, key in ipairs({ BODIES, CALLS, LEASES }) do
        redis.call('HDEL', key, start)
    end
    return { 'done' }
end

local said = does[ARGV[1]](unpack(ARGV, 4))
for _, key in ipairs(KEYS) do
    redis.call('PEXPIRE', key, ARGV[2])
end
return said
