-- Serving processes; `replica` of messages and runs names the one that runs them.

CREATE TABLE replicas (
    id          TEXT NOT NULL PRIMARY KEY,
    alive_until DOUBLE PRECISION NOT NULL
);

-- The time as days, whichever moment is named: the database's own, so that the clocks of replicas need not agree.
CREATE FUNCTION julianday(moment TEXT) RETURNS DOUBLE PRECISION
LANGUAGE SQL STABLE RETURN extract(EPOCH FROM CAST(moment AS TIMESTAMPTZ)) / 86400 + 2440587.5;
