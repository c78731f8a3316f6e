-- What a format does not print: charts and the prose about them where `van-ban.bieu-do` of the front matter does not name
-- the format (without that list all formats have them); on paper what only the page shows.
package.path = pandoc.path.join { pandoc.path.directory(PANDOC_SCRIPT_FILE), '?.lua' } .. ';' .. package.path
local chung = require 'chung'

local TEN = { docx = 'docx', typst = 'pdf', html = 'html' }

local function co_bieu_do(meta)
  local formats = (meta['van-ban'] or {})['bieu-do']
  if formats == nil then
    return true
  end
  for _, name in ipairs(formats) do
    if pandoc.utils.stringify(name) == TEN[chung.dang] then
      return true
    end
  end
  return false
end

-- Text that is left when a sentence goes: no space at its end, no paragraph without words.
local function don_dep(paragraph)
  local content = paragraph.content
  while #content > 0 and (content[#content].t == 'Space' or content[#content].t == 'SoftBreak') do
    content:remove()
  end
  if #content == 0 then
    return {}
  end
  paragraph.content = content
  return paragraph
end

local function bo(doc)
  local charts = co_bieu_do(doc.meta)
  local dropped = { ['chi-tieu-chinh'] = chung.dang ~= 'html', ['so-lieu-bieu-do'] = chung.dang ~= 'html' or not charts,
    ['theo-bieu-do'] = not charts }
  local function drop(element)
    for class, is in pairs(dropped) do
      if is and element.classes:includes(class) then
        return {}
      end
    end
  end
  doc.blocks = doc.blocks:walk { Div = drop, Span = drop, Figure = function() return not charts and {} or nil end }
  if not charts then
    doc.blocks = doc.blocks:walk { Para = don_dep, Plain = don_dep }
  end
  return doc
end

return { { Pandoc = bo } }
