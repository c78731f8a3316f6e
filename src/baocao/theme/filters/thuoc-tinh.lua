-- pandoc writes what is left in the metadata as properties of the Word document, and Quarto leaves much: keep what a
-- reader of the properties can use.
local GIU = { title = true, lang = true }

function Meta(meta)
  if not FORMAT:match('^docx') then
    return nil
  end
  local properties = { author = meta['nguoi-lap'], subject = meta['chu-de'],
    ['baocao-ky'] = meta['ky'], ['baocao-noi-dung'] = meta['dau-noi-dung'], category = meta['loai'],
    keywords = meta['tu-khoa'] and pandoc.MetaList { pandoc.MetaInlines { pandoc.Str(meta['tu-khoa']) } } }
  for name in pairs(meta) do
    if not GIU[name] then
      meta[name] = nil
    end
  end
  for name, value in pairs(properties) do
    meta[name] = value
  end
  return meta
end
