-- What the filters share: the target format, and WordprocessingML for text that pandoc's writer is not asked to write.
local chung = {}

-- Format names of Quarto ("docx", "typst", "html") and pandoc agree on these beginnings.
if FORMAT:match('^docx') or FORMAT:match('^openxml') then
  chung.dang = 'docx'
elseif FORMAT:match('^typst') then
  chung.dang = 'typst'
elseif FORMAT:match('^html') then
  chung.dang = 'html'
end

function chung.docx(xml)
  return pandoc.RawBlock('openxml', xml)
end

function chung.xml(text)
  local escaped = text:gsub('&', '&amp;'):gsub('<', '&lt;'):gsub('>', '&gt;'):gsub('"', '&quot;')
  return escaped
end

-- A Typst string literal.
function chung.chuoi(text)
  local escaped = text:gsub('\\', '\\\\'):gsub('"', '\\"'):gsub('\n', '\\n')
  return '"' .. escaped .. '"'
end

function chung.typst(text)
  return pandoc.RawInline('typst', text)
end

-- Blocks as one run of inlines, paragraphs and list items on lines of their own.
function chung.thanh_dong(blocks, dau)
  local lines = pandoc.List()
  for _, block in ipairs(blocks) do
    if block.t == 'Plain' or block.t == 'Para' then
      lines:insert(dau and pandoc.Inlines { pandoc.Str(dau), pandoc.Space() } .. block.content or block.content)
    elseif block.t == 'LineBlock' then
      lines:extend(block.content)
    elseif block.t == 'BulletList' or block.t == 'OrderedList' then
      for index, item in ipairs(block.content) do
        lines:extend(chung.thanh_dong(item, chung.dau_muc(block, index, dau and 2 or 1)))
      end
    elseif block.t == 'Div' then
      lines:extend(chung.thanh_dong(block.content, dau))
    else
      error('khối ' .. block.t .. ' không đặt được trong ô bảng')
    end
  end
  return lines
end

-- The mark before an item: "-" and "+" by depth, or the number as the author typed it.
function chung.dau_muc(list, index, depth)
  if list.t == 'BulletList' then
    return depth == 1 and '-' or '+'
  end
  local number = list.start + index - 1
  local text = tostring(number)
  local style = tostring(list.style)
  if style == 'LowerAlpha' then
    text = string.char(96 + number)
  elseif style == 'UpperAlpha' then
    text = string.char(64 + number)
  elseif style == 'LowerRoman' or style == 'UpperRoman' then
    text = pandoc.utils.to_roman_numeral(number)
    text = style == 'LowerRoman' and text:lower() or text
  end
  local delimiter = tostring(list.delimiter)
  if delimiter == 'TwoParens' then
    return '(' .. text .. ')'
  end
  return text .. (delimiter == 'OneParen' and ')' or '.')
end

function chung.noi_dong(lines)
  local inlines = pandoc.Inlines {}
  for index, line in ipairs(lines) do
    if index > 1 then
      inlines:insert(pandoc.LineBreak())
    end
    inlines:extend(line)
  end
  return inlines
end

local PHONG_CHU = {
  Strong = '<w:b/><w:bCs/>',
  Emph = '<w:i/><w:iCs/>',
  Strikeout = '<w:strike/>',
  Underline = '<w:u w:val="single"/>',
  Superscript = '<w:vertAlign w:val="superscript"/>',
  Subscript = '<w:vertAlign w:val="subscript"/>',
}
-- The schema fixes the order of run properties.
local THU_TU = { 'Strong', 'Emph', 'Strikeout', 'Underline', 'Superscript', 'Subscript' }

local function mot_doan_chu(content, active)
  local properties = ''
  for _, name in ipairs(THU_TU) do
    if active[name] then
      properties = properties .. PHONG_CHU[name]
    end
  end
  if properties ~= '' then
    properties = '<w:rPr>' .. properties .. '</w:rPr>'
  end
  return '<w:r>' .. properties .. content .. '</w:r>'
end

-- Runs of WordprocessingML for inlines.
function chung.chu(inlines, active)
  active = active or {}
  local out = {}
  for _, inline in ipairs(inlines) do
    if inline.t == 'Str' or inline.t == 'Code' then
      out[#out + 1] = mot_doan_chu('<w:t xml:space="preserve">' .. chung.xml(inline.text) .. '</w:t>', active)
    elseif inline.t == 'Space' or inline.t == 'SoftBreak' then
      out[#out + 1] = mot_doan_chu('<w:t xml:space="preserve"> </w:t>', active)
    elseif inline.t == 'LineBreak' then
      out[#out + 1] = mot_doan_chu('<w:br/>', active)
    elseif inline.t == 'Span' or inline.t == 'Link' or inline.t == 'SmallCaps' then
      out[#out + 1] = chung.chu(inline.content, active)
    elseif PHONG_CHU[inline.t] then
      local nested = { [inline.t] = true }
      for name in pairs(active) do
        nested[name] = true
      end
      out[#out + 1] = chung.chu(inline.content, nested)
    else
      error('thành phần ' .. inline.t .. ' không đặt được trong bảng hoặc phần đầu văn bản')
    end
  end
  return table.concat(out)
end

-- A paragraph in a named style; `properties` are further children of w:pPr, in the schema's order.
function chung.doan(style, runs, properties)
  return '<w:p><w:pPr><w:pStyle w:val="' .. style .. '"/>' .. (properties or '') .. '</w:pPr>' .. (runs or '') .. '</w:p>'
end

return chung
