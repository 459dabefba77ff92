-- Photographs that were sent with a ticket to another site: by whom they were made, of whose site, may be seen there too.
-- Nothing is copied: an entry of that ticket, made by whoever sent it, names the photograph, or it is not seen there.
CREATE VIEW photo_sent AS
SELECT DISTINCT m.sha256, t.site
FROM ticket t
JOIN person o ON o.id = t.opened_by AND o.site <> t.site
JOIN thing_entry e ON e.thing = t.site || '/T-' || t.index AND e.site = t.site
JOIN record r ON r.site = e.site AND r.index = e.index AND r.actor = t.opened_by AND r.content LIKE '{%'
CROSS JOIN LATERAL jsonb_array_elements_text(
    CASE jsonb_typeof(r.content::jsonb -> 'photos') WHEN 'array' THEN r.content::jsonb -> 'photos' END) AS photo (sha256)
JOIN media m ON m.sha256 = photo.sha256
JOIN person p ON p.id = m.person AND p.site = o.site;
GRANT SELECT ON photo_sent TO sealtrail_app;

-- Whose entry `erased_index` is, where it is not that of the site that the picture came from.
ALTER TABLE media ADD COLUMN erased_site text REFERENCES site;
