-- ARGV: what to do, the prefix of all keys, and what that takes.
-- A session is a hash. A user's sessions are a sorted set of their keys by when they expire.
local what, prefix = ARGV[1], ARGV[2]

local function session(key)
  return prefix .. ':s:' .. key
end

local function sessions_of(user)
  return prefix .. ':u:' .. user
end

local function remove(key)
  local user = redis.call('HGET', session(key), 'user')
  if user then
    redis.call('ZREM', sessions_of(user), key)
  end
  return redis.call('DEL', session(key))
end

-- From there on in ARGV: the key, when it expires, and the fields of the hash with their names.
local function put(from)
  local key, expires = ARGV[from], ARGV[from + 1]
  redis.call('HSET', session(key), unpack(ARGV, from + 2))
  local user = redis.call('HGET', session(key), 'user')
  redis.call('PEXPIREAT', session(key), expires)
  if user then
    local all = sessions_of(user)
    redis.call('ZADD', all, expires, key)
    redis.call('ZREMRANGEBYSCORE', all, '-inf', redis.call('TIME')[1] .. '000')
    local last = redis.call('ZRANGE', all, -1, -1, 'WITHSCORES')[2]
    if last then
      redis.call('PEXPIREAT', all, last)
    end
  end
end

local function is_taken(key)
  return redis.call('EXISTS', session(key)) == 1
end

local TAKEN = redis.error_reply('TAKEN there is a session of that key')

if what == 'insert' then
  if is_taken(ARGV[3]) then
    return TAKEN
  end
  put(3)
  return 1
end

if what == 'replace' then
  local old, new = ARGV[3], ARGV[4]
  if not is_taken(old) then
    return 0
  end
  if new ~= old and is_taken(new) then
    return TAKEN
  end
  remove(old)
  put(4)
  return 1
end

if what == 'touch' then
  for at = 3, #ARGV, 2 do
    local last = redis.call('HGET', session(ARGV[at]), 'last_used')
    if last and tonumber(last) < tonumber(ARGV[at + 1]) then
      redis.call('HSET', session(ARGV[at]), 'last_used', ARGV[at + 1])
    end
  end
  return 1
end

if what == 'end' then
  for _, key in ipairs(redis.call('ZRANGE', sessions_of(ARGV[3]), 0, -1)) do
    if redis.call('HGET', session(key), 'id') == ARGV[4] then
      return remove(key)
    end
  end
  return 0
end

if what == 'end all' then
  local removed = 0
  for _, key in ipairs(redis.call('ZRANGE', sessions_of(ARGV[3]), 0, -1)) do
    if redis.call('HGET', session(key), 'id') ~= ARGV[4] then
      removed = removed + remove(key)
    end
  end
  return removed
end

if what == 'list' then
  local found = {}
  for _, key in ipairs(redis.call('ZRANGE', sessions_of(ARGV[3]), 0, -1)) do
    local fields = redis.call('HGETALL', session(key))
    if #fields > 0 then
      found[#found + 1] = { key, fields }
    end
  end
  return found
end

if what == 'sweep' then
  local now, unused_since, removed = tonumber(ARGV[3]), tonumber(ARGV[4]), 0
  for at = 5, #ARGV do
    local times = redis.call('HMGET', session(ARGV[at]), 'expires', 'last_used')
    if times[1] and (tonumber(times[1]) <= now or tonumber(times[2]) <= unused_since) then
      removed = removed + remove(ARGV[at])
    end
  end
  return removed
end

-- Steps have 20 digits, so that they compare as text: as numbers they would be rounded.
if what == 'advance' then
  local key = prefix .. ':o:' .. ARGV[3]
  local last = redis.call('GET', key)
  if last and last >= ARGV[4] then
    return 0
  end
  redis.call('SET', key, ARGV[4])
  return 1
end

if what == 'replace codes' then
  local key = prefix .. ':c:' .. ARGV[3]
  redis.call('DEL', key)
  for at = 4, #ARGV do
    redis.call('SADD', key, ARGV[at])
  end
  return 1
end

return redis.error_reply('ERR the script knows no such call')
