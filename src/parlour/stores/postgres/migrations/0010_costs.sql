-- What it costs to read the keys of a text, which lies elsewhere: the planner does not count that, and took a look at all
-- of them, for each word anew, for quicker than the index. Written so that it is not put into statements as its own text.

CREATE OR REPLACE FUNCTION keys_of(terms TEXT) RETURNS TEXT[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 AS $$
BEGIN
    RETURN string_to_array(rtrim(terms), ' ');
END
$$;
