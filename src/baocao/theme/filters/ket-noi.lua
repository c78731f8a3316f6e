-- Spans of class "lien" and references of class "tham-chieu" in the form of each format, when nothing else is to change:
-- DOCX  runs with no-break hyphens and spaces; a REF field to the bookmark of the caption
-- Typst a box; a link, also in a box; texts that its markup would read as signs, as strings
-- HTML  as they are
package.path = pandoc.path.join { pandoc.path.directory(PANDOC_SCRIPT_FILE), '?.lua' } .. ';' .. package.path
local chung = require 'chung'

local function la(inline, class)
  return (inline.t == 'Span' or inline.t == 'Link') and inline.classes:includes(class)
end

-- Raw runs take nothing over from the emphasis around them: they are told of it.
local NHAN_MANH = { Strong = true, Emph = true, Strikeout = true, Underline = true, Superscript = true, Subscript = true }

local function word(list, active)
  local out = pandoc.Inlines {}
  for _, inline in ipairs(list) do
    if la(inline, 'lien') or la(inline, 'tham-chieu') then
      out:insert(pandoc.RawInline('openxml', chung.chu(pandoc.Inlines { inline }, active)))
    else
      if NHAN_MANH[inline.t] then
        local nested = { [inline.t] = true }
        for name in pairs(active) do
          nested[name] = true
        end
        inline.content = word(inline.content, nested)
      elseif inline.t == 'Span' or inline.t == 'Link' then
        inline.content = word(inline.content, active)
      end
      out:insert(inline)
    end
  end
  return out
end

local function typst(inline)
  if la(inline, 'lien') or la(inline, 'tham-chieu') then
    local content = inline.t == 'Link' and pandoc.Inlines { inline } or inline.content
    return pandoc.Inlines { chung.typst('#lien[') } .. content .. pandoc.Inlines { chung.typst(']') }
  end
end

-- pandoc's writer leaves what Typst's markup reads as a minus sign, a dash, a hidden hyphen, an ellipsis or a comment, and
-- at the beginning of a cell what it reads as the mark of a list or heading.
local KY_HIEU = { '^[-+/=]', '^%d+%.$', '%-%-', '%-%d', '%-%?', '%-$', '%.%.%.', '//', '/%*' }

local function nguyen_van(str)
  for _, pattern in ipairs(KY_HIEU) do
    if str.text:find(pattern) then
      return chung.typst('#' .. chung.chuoi(str.text) .. ';')
    end
  end
end

if chung.dang == 'docx' then
  return { { traverse = 'topdown', Inlines = function(list) return word(list, {}), false end } }
elseif chung.dang == 'typst' then
  return { { Pandoc = function(doc)
    doc.blocks = doc.blocks:walk { Span = typst, Link = typst, Str = nguyen_van }
    return doc
  end } }
end
return {}
