-- Permission groups of communities, in the order in which they came; their rights are one bit each.
CREATE TABLE IF NOT EXISTS permission_groups (
  number INTEGER PRIMARY KEY,
  GroupId TEXT NOT NULL REFERENCES groups ON DELETE CASCADE,
  PermissionGroupId TEXT NOT NULL,
  PermissionGroupName TEXT NOT NULL,
  CustomString TEXT NOT NULL DEFAULT '',
  Permission INTEGER NOT NULL DEFAULT 0,
  UNIQUE (GroupId, PermissionGroupId)
);
CREATE INDEX IF NOT EXISTS permission_groups_in_order ON permission_groups (GroupId, number);
-- Who is in a permission group, in the order in which they came; who leaves the community leaves it.
CREATE TABLE IF NOT EXISTS permission_group_members (
  number INTEGER PRIMARY KEY,
  GroupId TEXT NOT NULL,
  PermissionGroupId TEXT NOT NULL,
  Member_Account TEXT NOT NULL,
  UNIQUE (GroupId, PermissionGroupId, Member_Account),
  FOREIGN KEY (GroupId, PermissionGroupId)
    REFERENCES permission_groups (GroupId, PermissionGroupId) ON DELETE CASCADE,
  FOREIGN KEY (GroupId, Member_Account) REFERENCES group_members (GroupId, Member_Account) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS permission_group_members_in_order
  ON permission_group_members (GroupId, PermissionGroupId, number);
CREATE INDEX IF NOT EXISTS permission_groups_of_member ON permission_group_members (GroupId, Member_Account);
-- The rights that a permission group has in a topic.
CREATE TABLE IF NOT EXISTS topic_permissions (
  number INTEGER PRIMARY KEY,
  GroupId TEXT NOT NULL,
  PermissionGroupId TEXT NOT NULL,
  TopicId TEXT NOT NULL REFERENCES topics (TopicId) ON DELETE CASCADE,
  Permission INTEGER NOT NULL,
  UNIQUE (GroupId, PermissionGroupId, TopicId),
  FOREIGN KEY (GroupId, PermissionGroupId)
    REFERENCES permission_groups (GroupId, PermissionGroupId) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS permissions_of_topic ON topic_permissions (TopicId);
-- Permission groups with what is told of them.
CREATE VIEW IF NOT EXISTS permission_group_infos AS
  SELECT permission_groups.*, (
    SELECT count(*) FROM permission_group_members AS every
    WHERE every.GroupId = permission_groups.GroupId AND every.PermissionGroupId = permission_groups.PermissionGroupId
  ) AS MemberCount FROM permission_groups;
