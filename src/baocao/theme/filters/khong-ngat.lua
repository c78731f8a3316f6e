-- What stays on one line, as spans of class "lien": symbols of documents with their “số” (số 06/QĐ-TTg, BC-TCTĐA06) and
-- ranges of years (2022 - 2025). HTML has a style for the class; `ket-noi.lua` gives the other formats their form.
local DAI_NHAT = 30

local function ky_hieu(inline)
  if inline == nil or inline.t ~= 'Str' or utf8.len(inline.text) > DAI_NHAT or inline.text:find('://', 1, true) then
    return false
  end
  local text = inline.text
  -- A hyphen or slash inside the word, next to a letter (any byte above ASCII is of a letter or a quotation mark).
  return (text:match('[%a\128-\255][-/][%w\128-\255]') or text:match('[%w\128-\255][-/][%a\128-\255]')
    or text:match('^/%a')) ~= nil
end

local function la(inline, pattern)
  return inline ~= nil and inline.t == 'Str' and inline.text:match(pattern) ~= nil
end

local function cach(inline)
  return inline ~= nil and (inline.t == 'Space' or inline.t == 'SoftBreak')
end

-- How many inlines from `index` on belong together; 0 for none.
local function dai(list, index)
  if ky_hieu(list[index]) then
    return 1
  elseif la(list[index], '^[Ss]ố:?$') and cach(list[index + 1]) and la(list[index + 2], '^%d+/') and ky_hieu(list[index + 2]) then
    return 3
  elseif la(list[index], '%f[%d]%d%d%d%d$') and cach(list[index + 1]) and la(list[index + 2], '^[-–]$') and cach(list[index + 3])
    and la(list[index + 4], '^%d%d%d%d%f[%D]') then
    return 5
  end
  return 0
end

local function lien(list)
  local out, index = pandoc.Inlines {}, 1
  while index <= #list do
    local length = dai(list, index)
    if length == 0 then
      out:insert(list[index])
      index = index + 1
    else
      local group = pandoc.Inlines {}
      for place = index, index + length - 1 do
        group:insert(list[place].t == 'SoftBreak' and pandoc.Space() or list[place])
      end
      out:insert(pandoc.Span(group, pandoc.Attr('', { 'lien' })))
      index = index + length
    end
  end
  return out
end

local function gia_tri(value)
  local kind = pandoc.utils.type(value)
  if kind == 'Inlines' or kind == 'Blocks' then
    return value:walk { Inlines = lien }
  elseif kind == 'List' or kind == 'table' then
    for key, item in pairs(value) do
      value[key] = gia_tri(item)
    end
  end
  return value
end

-- Only the texts of the letterhead: title and address lines of a file stay plain.
local function ca_bai(doc)
  doc.blocks = doc.blocks:walk { Inlines = lien }
  doc.meta['van-ban'] = gia_tri(doc.meta['van-ban'])
  return doc
end

return { { Pandoc = ca_bai } }
