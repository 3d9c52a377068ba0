-- Keeps a dead letter, unless there are as many as may be.
-- KEYS: dead, since      ARGV: event's id, the letter, how many may be
-- Gives 1 if it is kept.
local dead, since = KEYS[1], KEYS[2]
local id, letter, max = ARGV[1], ARGV[2], tonumber(ARGV[3])

if redis.call('HEXISTS', dead, id) == 0 and redis.call('HLEN', dead) >= max then
    return 0
end
local time = redis.call('TIME')
redis.call('HSET', dead, id, letter)
redis.call('ZADD', since, string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)), id)
return 1
