-- Removes the timers that were told, where the token is still the one they were claimed with.
-- KEYS: timers, due, claims      ARGV: order, token, order, token, …
-- Gives how many were removed; the others had been dropped, or taken over by another worker.
local timers, due, claims = KEYS[1], KEYS[2], KEYS[3]

local removed = 0
for i = 1, #ARGV, 2 do
    local order = ARGV[i]
    if redis.call('HGET', claims, order) == ARGV[i + 1] then
        redis.call('HDEL', claims, order)
        redis.call('HDEL', due, order)
        removed = removed + redis.call('ZREM', timers, order)
    end
end
return removed
