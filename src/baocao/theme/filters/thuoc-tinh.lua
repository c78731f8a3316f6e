-- pandoc writes what is left in the metadata as properties of the Word document, and Quarto leaves much: keep what a
-- reader of the properties can use.
local GIU = { title = true, lang = true }

function Meta(meta)
  if not FORMAT:match('^docx') then
    return nil
  end
  for name in pairs(meta) do
    if not GIU[name] then
      meta[name] = nil
    end
  end
  return meta
end
