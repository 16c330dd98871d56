"""What Redis does for processes that share limits: one script, so that a claim is taken whole or not at all.

Counts stand in one hash a window, a field for each 64th of its length; a field counts until the end of its
span is a window's length ago, so that never too few are counted. Requests under way are leases in a sorted
set, which run out by themselves when the process that holds them is gone. The time is that of Redis.
"""

from __future__ import annotations

from functools import cache

SCRIPT = """
local tag, grains = KEYS[1], 64
local job = cjson.decode(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local function text(number) return string.format('%.0f', number) end
local function counts(place, kind, length) return tag .. ':' .. kind .. length .. ':' .. place end
local function leases(place) return tag .. ':leases:' .. place end
local function pause(place) return tag .. ':pause:' .. place end
local function field(at, length) return text(math.floor(at / (length * 1000000 / grains))) end

local function add(place, kind, length, n)
  local key = counts(place, kind, length)
  redis.call('HINCRBY', key, field(now, length), text(n))
  redis.call('PEXPIRE', key, text(length * 1000 * (1 + 2 / grains)))
end

local function correct(place, length, more, at)
  if more > 0 then return add(place, 't', length, more) end
  local key, name = counts(place, 't', length), field(at, length)
  local counted = tonumber(redis.call('HGET', key, name) or 0)
  if counted + more > 0 then
    redis.call('HINCRBY', key, name, text(more))
  else
    redis.call('HDEL', key, name)
  end
end

local function wait_for(place, kind, length, bound, n)
  local key, whole = counts(place, kind, length), length * 1000000
  local span = whole / grains
  local found, parts, used = redis.call('HGETALL', key), {}, 0
  for i = 1, #found, 2 do
    local leaves = (tonumber(found[i]) + 1) * span + whole
    if leaves <= now then
      redis.call('HDEL', key, found[i])
    else
      local count = tonumber(found[i + 1])
      used = used + count
      parts[#parts + 1] = {leaves, count}
    end
  end
  local over = used + n - bound
  if over <= 0 then return 0 end
  table.sort(parts, function(a, b) return a[1] < b[1] end)
  for _, part in ipairs(parts) do
    over = over - part[2]
    if over <= 0 then return part[1] - now end
  end
  return whole
end

local function hold(one, tokens)
  local wait = math.max(redis.call('PTTL', pause(one.p)), 0) * 1000
  for _, w in ipairs(one.w) do
    local n = w[1] == 'r' and 1 or tokens
    wait = math.max(wait, wait_for(one.p, w[1], w[2], w[3], n))
  end
  local full = false
  if one.c then
    redis.call('ZREMRANGEBYSCORE', leases(one.p), '-inf', text(now))
    full = redis.call('ZCARD', leases(one.p)) >= one.c
  end
  return wait, full
end

for _, done in ipairs(job.settle or {}) do
  for _, one in ipairs(done.h) do
    if one.c then redis.call('ZREM', leases(one.p), done.id) end
    for _, d in ipairs(one.d) do correct(one.p, d[1], d[2], done.at) end
  end
  if done.pause then
    local ms = math.ceil(done.pause[2])
    if redis.call('PTTL', pause(done.pause[1])) < ms then
      redis.call('SET', pause(done.pause[1]), '1', 'PX', text(ms))
    end
  end
end

for _, lease in ipairs(job.renew or {}) do
  redis.call('ZADD', leases(lease[1]), 'XX', text(now + job.lease * 1000), lease[2])
  redis.call('PEXPIRE', leases(lease[1]), text(job.lease * 2))
end

local ask = job.ask
if not ask then return {0, text(now)} end
local answer = {0, text(now)}
for i, claim in ipairs(ask.claims) do
  local wait, full, lacking = 0, false, {}
  for j, one in ipairs(claim.h) do
    local its_wait, its_full = hold(one, claim.t)
    wait, full = math.max(wait, its_wait), full or its_full
    if its_wait > 0 or its_full then lacking[#lacking + 1] = j end
  end
  if #lacking == 0 then
    for _, one in ipairs(claim.h) do
      for _, w in ipairs(one.w) do add(one.p, w[1], w[2], w[1] == 'r' and 1 or claim.t) end
      if one.c then
        redis.call('ZADD', leases(one.p), text(now + job.lease * 1000), ask.id)
        redis.call('PEXPIRE', leases(one.p), text(job.lease * 2))
      end
    end
    return {i, text(now)}
  end
  answer[#answer + 1] = {text(math.ceil(wait)), full and 1 or 0, lacking}
end
return answer
"""


@cache
def digest() -> str:
    """The name that Redis keeps the script under."""
    from hashlib import sha1

    return sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
