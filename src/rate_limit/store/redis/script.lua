-- Decides any number of limits in one call, all or nothing, on the clock of this server.
--
-- KEYS[i]   holds the theoretical arrival time of limit i: "<microseconds since 1970> <nanoseconds, 0 to 999>".
--           A time that has passed need not be there.
-- ARGV[1]   check, peek, refund or debit.
-- Then six numbers for each limit, three times as whole microseconds and the nanoseconds that remain:
--           what the request costs; how far ahead of now it may lead; how far ahead a time may be at all.
-- Returns   1 if all limits conform and 0 if not, then two numbers for each limit, as above: how far its time lay ahead of
--           now before a check or peek, and how far it lies ahead after a refund or debit.
--
-- Numbers are doubles, exact to 2^53. All of these are whole and below: the client sends no time longer than 2^62 ns,
-- which are 2^52.04 us, and now is below 2^51 us until the year 2041 and below 2^52 until 2112. Nothing is multiplied,
-- and nothing is turned into text but by %.0f.

local op = ARGV[1]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

local function is_later(us, ns, than_us, than_ns)
  return us > than_us or (us == than_us and ns > than_ns)
end

local conforms = 1
local reply, limits = {}, {}
for i = 1, #KEYS do
  local value = redis.pcall('GET', KEYS[i])
  if type(value) == 'table' then
    if string.find(value.err, 'WRONGTYPE', 1, true) then
      return redis.error_reply('CORRUPT the key of a limit is not a string')
    end
    return value
  end
  local us, ns = 0, 0
  if value then
    local whole, rest = string.match(value, '^(%d+) (%d+)$')
    if not whole or #whole > 16 or #rest > 3 then
      return redis.error_reply('CORRUPT the value of a limit is not a time')
    end
    us, ns = tonumber(whole) - now, tonumber(rest)
    if us < 0 then us, ns = 0, 0 end
  end

  local arg = 6 * i - 5
  local cost_us, cost_ns = tonumber(ARGV[arg + 1]), tonumber(ARGV[arg + 2])
  local depth_us, depth_ns = tonumber(ARGV[arg + 3]), tonumber(ARGV[arg + 4])
  local most_us, most_ns = tonumber(ARGV[arg + 5]), tonumber(ARGV[arg + 6])

  -- The clock of this server, or of the one it took over from, was set back: nobody is locked out for longer than a debt.
  if is_later(us, ns, most_us, most_ns) then us, ns = most_us, most_ns end

  local next_us, next_ns
  if op == 'refund' then
    next_us, next_ns = us - cost_us, ns - cost_ns
    if next_ns < 0 then next_us, next_ns = next_us - 1, next_ns + 1000 end
    if next_us < 0 then next_us, next_ns = 0, 0 end
  else
    next_us, next_ns = us + cost_us, ns + cost_ns
    if next_ns >= 1000 then next_us, next_ns = next_us + 1, next_ns - 1000 end
    if op == 'debit' then
      if is_later(next_us, next_ns, most_us, most_ns) then next_us, next_ns = most_us, most_ns end
    elseif is_later(next_us, next_ns, depth_us, depth_ns) then
      conforms = 0
    end
  end

  local is_answer_before = op == 'check' or op == 'peek'
  reply[2 * i] = is_answer_before and us or next_us
  reply[2 * i + 1] = is_answer_before and ns or next_ns
  if cost_us > 0 or cost_ns > 0 then limits[i] = { us = next_us, ns = next_ns, is_kept = value } end
end
reply[1] = conforms

-- Nothing was written up to here, so an error above leaves everything as it was.
if op ~= 'peek' and conforms == 1 then
  for i, limit in pairs(limits) do
    if limit.us > 0 or limit.ns > 0 then
      -- A whole number of milliseconds that is not before the time: at most 2^43 of them, of which a double still tells
      -- thousandths apart, so that none is rounded away.
      local until_us = now + limit.us + (limit.ns > 0 and 1 or 0)
      redis.call('SET', KEYS[i], string.format('%.0f %.0f', now + limit.us, limit.ns),
        'PXAT', string.format('%.0f', math.ceil(until_us / 1000)))
    elseif limit.is_kept then
      redis.call('DEL', KEYS[i])
    end
  end
end
return reply
