--[[ The logs of one command's calls, which every process shares. One run of this script reserves one call's slot.

A log is a sorted set: a member for each call, its score the time of its slot, which may lie ahead. A call gets the
earliest slot that fits into every log that counts it: any span of a limit's length, wherever it begins, holds at most
so many. Each log has a front, before which no place is left for newcomers: the search starts there, so nobody is
overtaken and the search is short. A slot that is given back moves the front back to itself. All times are
microseconds of this server's clock.

KEYS  until when the command is closed; then for each log the log and its front; the command's own log comes first; last,
      where slots are concerned, how far the command is slowed down
ARGV  what to do, and what that takes: see the functions at the end ]]

local LONG = 10000000 -- limits longer than this begin anew with a server that has forgotten them
local TRUST = 500000 -- for so long callers rely on the last sign of a server, and so use the slots of one that is gone

local function text(time)
    return string.format('%.0f', time) -- what Redis makes of a number by itself loses digits
end

local function clock()
    local now = redis.call('TIME')
    return now[1] * 1000000 + now[2]
end

local function read_logs()
    local logs, lateness = {}, tonumber(ARGV[5])
    for number = 1, (#KEYS - 1) / 2 do
        local at = 6 * number
        local calls, per, burst = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
        logs[number] = {
            number = number,
            key = KEYS[2 * number],
            front_key = KEYS[2 * number + 1],
            calls = calls,
            per = per + lateness,
            burst = burst,
            pause = per * burst / calls,
            gap = (per + lateness) / calls,
            weight = tonumber(ARGV[at + 3]),
            weighs = ARGV[at + 4] == 'weighs',
            shared = ARGV[at + 5] == 'shared',
            slow_until = 0,
        }
    end
    return logs
end

-- Return which share of its places a command may use, and until when. A slowdown is kept as 'share:end'.
local function read_slowdown(kept)
    local share, slow_until = string.match(kept or '', '^(.+):(.+)$')
    return tonumber(share or 1), tonumber(slow_until or 0)
end

-- Let no more than a *share* of the log's places be used for slots before *slow_until*.
local function slow(log, share, slow_until)
    local calls = math.max(1, math.floor(log.calls * share))
    local burst = math.min(log.burst, calls)
    log.slow_until = slow_until
    log.slowed = setmetatable({
        calls = calls,
        burst = burst,
        pause = (log.per - tonumber(ARGV[5])) * burst / calls,
        gap = log.per / calls,
    }, {__index = log})
end

-- Where nothing is known of a command, the server may have started a moment ago and forgotten calls that still count.
-- Return before when nobody can go because of that.
local function forgotten_until(logs, now)
    local span = 0
    for _, log in ipairs(logs) do
        if log.shared and redis.call('ZCARD', log.key) > 0 then
            return 0
        end
        span = math.max(span, log.per <= LONG and log.per or 0)
    end
    local allowed, info = pcall(redis.call, 'INFO', 'server')
    local uptime = allowed and tonumber(string.match(info, 'uptime_in_seconds:(%d+)'))
    if not uptime then
        return 0
    end
    local started = (math.floor(now / 1000000) - uptime + 1) * 1000000 -- at the latest
    return math.min(started, now) + TRUST + span
end

-- Read what the log holds after *from*: times, oldest first, and the weight of all up to each.
local function load(log, from)
    local raw = redis.call('ZRANGEBYSCORE', log.key, '(' .. text(from), '+inf', 'WITHSCORES')
    local times, sums = {}, {[0] = 0}
    for n = 1, #raw / 2 do
        times[n] = tonumber(raw[2 * n])
        sums[n] = sums[n - 1] + tonumber(string.match(raw[2 * n - 1], ':(%d+)$'))
    end
    log.times, log.sums = times, sums
end

-- Return *t* if the call fits there with at most *most* in any *span*, or else a later time before which it does not.
local function next_fit(log, most, span, t)
    local times, sums, weight = log.times, log.sums, log.weight
    local last, behind, later = 0, 1, nil
    for first = 1, #times do
        if times[first] > t then
            break
        end
        last = first
        if times[first] > t - span then -- the span that begins with *first* holds the call as well
            while behind <= #times and times[behind] < times[first] + span do
                behind = behind + 1
            end
            if sums[behind - 1] - sums[first - 1] + weight > most then
                later = times[first] + span
            end
        end
    end
    if later then
        return later
    end
    behind = last + 1
    while behind <= #times and times[behind] < t + span do -- the span that begins with the call itself
        behind = behind + 1
    end
    local alone = behind == last + 1 -- what weighs more than *most* goes so
    return not alone and sums[behind - 1] - sums[last] + weight > most and times[last + 1] or t
end

-- The same where every call weighs 1 and none lies after *t*: the one *most* places before has to be a span old.
local function next_at_end(log, most, span, t)
    local before = redis.call('ZRANGE', log.key, -most, -most, 'WITHSCORES')
    return before[2] and math.max(t, tonumber(before[2]) + span) or t
end

-- The last slot up to *t*.
local function last_fit(log, t)
    local last = 0
    for _, time in ipairs(log.times) do
        last = time <= t and time or last
    end
    return last
end

local function last_at_end(log)
    return tonumber(redis.call('ZRANGE', log.key, -1, -1, 'WITHSCORES')[2]) or 0
end

-- Forget what counts no longer, and choose how to search from *t* on.
local function prepare(log, now, t)
    redis.call('ZREMRANGEBYSCORE', log.key, '-inf', text(now - log.per))
    log.step, log.last = next_at_end, last_at_end
    if log.weighs or redis.call('ZCOUNT', log.key, '(' .. text(t), '+inf') > 0 then
        log.step, log.last = next_fit, last_fit
        load(log, t - log.per)
    end
end

-- At most *burst* leave together, and who has to wait leaves a *gap* behind the one before.
local function spread(log, now, t)
    local at = log.step(log, log.burst, log.pause, t)
    return at > now and math.max(at, log.last(log, at) + log.gap) or at
end

-- Return *t* if the call fits there, or else a later time before which it does not.
local function next_in(log, now, t)
    local at = log.step(log, log.calls, log.per, t)
    return log.burst < log.calls and math.max(at, spread(log, now, t)) or at
end

-- Move *t* on until the call fits into all *logs*; say also which of them decided.
local function settle(logs, now, t)
    local slowest, before = 1, nil
    repeat
        before = t
        for _, log in ipairs(logs) do
            local slowed = t < log.slow_until
            local at = next_in(slowed and log.slowed or log, now, t)
            at = slowed and math.min(at, log.slow_until) or at
            if at > t then
                t, slowest = math.ceil(at), log.number
            end
        end
    until t == before
    return t, slowest
end

local function write(log, member, slot, front, now)
    redis.call('ZADD', log.key, text(slot), member .. ':' .. log.weight)
    local furthest = tonumber(redis.call('ZRANGE', log.key, -1, -1, 'WITHSCORES')[2])
    local life = text((furthest - now + log.per) / 1000 + 10000)
    redis.call('PEXPIRE', log.key, life)
    redis.call('SET', log.front_key, text(front), 'PX', life)
end

-- ARGV  'reserve', member, longest wait, wait at least, lateness; for each log: calls, per, burst, weight, 'weighs' where
--       calls weigh more than 1, 'shared' where all calls of the command count
-- Answer: 1, or 0 where the wait would be too long; the slot; what time it is; the number of the log that decided.
local function reserve()
    local member, longest, least = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
    local logs, shared, now = read_logs(), {}, clock()
    local known = redis.call('ZSCORE', logs[1].key, member .. ':' .. logs[1].weight)
    if known then -- asked again, since the answer was lost
        return {1, tonumber(known), now, 1}
    end
    local marks = redis.call('MGET', unpack(KEYS))
    local t, keyed = math.max(now + least, tonumber(marks[1]) or 0), 0
    local share, slow_until = read_slowdown(marks[2 * #logs + 2])
    for number, log in ipairs(logs) do
        local front = tonumber(marks[2 * number + 1]) or 0
        if log.shared then
            t = math.max(t, front)
            if slow_until > now then
                slow(log, share, slow_until)
            end
            table.insert(shared, log)
        else
            keyed = math.max(keyed, front)
        end
    end
    for _, log in ipairs(logs) do
        prepare(log, now, t)
    end
    local slowest, front
    t, slowest = settle(shared, now, math.max(t, forgotten_until(logs, now)))
    front = t -- who waits only for its own key leaves the places before it to others
    if #shared < #logs then
        t, slowest = settle(logs, now, math.max(t, keyed))
    end
    if t - now > longest then
        return {0, t, now, slowest}
    end
    for _, log in ipairs(logs) do
        write(log, member, t, log.shared and front or t, now)
    end
    return {1, t, now, slowest}
end

-- ARGV  'give back', and for each log the member
local function give_back()
    for number = 1, (#KEYS - 1) / 2 do
        local log, front, member = KEYS[2 * number], KEYS[2 * number + 1], ARGV[number + 1]
        local slot = redis.call('ZSCORE', log, member)
        if slot then
            redis.call('ZREM', log, member)
            if tonumber(redis.call('GET', front) or 0) > tonumber(slot) then
                redis.call('SET', front, slot, 'KEEPTTL')
            end
        end
    end
    return {1}
end

-- ARGV  'close', for how long
local function close()
    local life = tonumber(ARGV[2])
    local now = clock()
    if now + life > tonumber(redis.call('GET', KEYS[1]) or 0) then
        redis.call('SET', KEYS[1], text(now + life), 'PX', text(life / 1000 + 1))
    end
    return {1}
end

-- ARGV  'slow down', to which share, for how long
local function slow_down()
    local now, share = clock(), tonumber(ARGV[2])
    local slow_until = now + tonumber(ARGV[3])
    local share_before, slow_before = read_slowdown(redis.call('GET', KEYS[1]))
    if slow_before > now then -- the smaller share holds, and the end only moves forward
        share, slow_until = math.min(share, share_before), math.max(slow_until, slow_before)
    end
    local kept = string.format('%.17g:%.0f', share, slow_until)
    redis.call('SET', KEYS[1], kept, 'PX', text((slow_until - now) / 1000 + 1))
    return {1}
end

return ({reserve = reserve, ['give back'] = give_back, close = close, ['slow down'] = slow_down})[ARGV[1]]()
