-- Sets the timer of an order, unless it is set already or the order is over.
-- KEYS: timers, due, dropped      ARGV: order, due
-- Gives 1 if it was set.
local timers, due, dropped = KEYS[1], KEYS[2], KEYS[3]
local order, at = ARGV[1], ARGV[2]

if redis.call('ZSCORE', dropped, order) then
    return 0
end
if redis.call('ZADD', timers, 'NX', at, order) == 0 then
    return 0
end
redis.call('HSET', due, order, at)
return 1
