-- Each word is folded as the index is, and taken apart into the longest parts that the index knows.
-- name: asked
WITH word AS (
    SELECT search_fold(w) AS folded, place FROM unnest(%(words)s::text[]) WITH ORDINALITY AS asked (w, place)
    WHERE search_fold(w) <> ''
)
SELECT array_agg(folded ORDER BY place) AS words, '=' || string_agg(folded, '' ORDER BY place) AS whole,
       array(SELECT DISTINCT gram FROM word w, unnest(search_grams(w.folded)) AS gram
             WHERE length(gram) = least(length(w.folded), 3)) AS grams
FROM word

-- Things one of whose codes is what was asked for.
-- name: exact
SELECT thing, kind, site, serial, fields FROM search_entry
WHERE grams @> ARRAY[%(whole)s] AND site = ANY (%(sites)s) ORDER BY serial DESC LIMIT 100

-- The newest of a kind are looked through first: what nearly everything has in it is found there at once. Only where
-- they are not enough is the index asked, which is quick for what is rare.
-- name: newest
SELECT thing, kind, site, serial, fields FROM (
    SELECT * FROM search_entry WHERE kind = %(kind)s AND serial < %(before)s ORDER BY serial DESC LIMIT %(depth)s
) AS newest
WHERE folded LIKE ALL (%(patterns)s) AND site = ANY (%(sites)s) AND NOT grams @> ARRAY[%(whole)s]
ORDER BY serial DESC LIMIT %(most)s

-- The parts may stand apart in what the index gives, so that every row is read again.
-- name: indexed
WITH hit AS MATERIALIZED (
    SELECT thing, serial FROM search_entry
    WHERE grams @> %(grams)s AND folded LIKE ALL (%(patterns)s) AND site = ANY (%(sites)s) AND serial < %(before)s
      AND NOT grams @> ARRAY[%(whole)s]
)
SELECT e.thing, e.kind, e.site, e.serial, e.fields
FROM (SELECT * FROM hit ORDER BY serial DESC LIMIT %(most)s) AS h JOIN search_entry e USING (thing)
ORDER BY e.serial DESC

-- Alarms by the words for their causes, which the program knows.
-- name: caused
SELECT thing, kind, site, serial, fields FROM search_entry
WHERE grams @> ARRAY['#alarm'] AND grams && %(causes)s AND NOT grams @> ARRAY[%(whole)s] AND site = ANY (%(sites)s) AND serial < %(before)s
ORDER BY serial DESC LIMIT %(most)s
