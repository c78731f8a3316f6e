-- What the filters share: the target format, and WordprocessingML for text that pandoc's writer is not asked to write.
local chung = {}

chung.NBSP = '\u{a0}'

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

-- Braces, too: Quarto looks for its shortcodes in what is raw.
function chung.xml(text)
  local escaped = text:gsub('&', '&amp;'):gsub('<', '&lt;'):gsub('>', '&gt;'):gsub('"', '&quot;'):gsub('{', '&#123;')
  return escaped
end

-- A Typst string literal, without braces as well.
function chung.chuoi(text)
  local escaped = text:gsub('\\', '\\\\'):gsub('"', '\\"'):gsub('\n', '\\n'):gsub('{', '\\u{7b}')
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

-- Items as the decree punctuates them: ";" after each, a full stop after the last.
function chung.co_dau(items)
  local out = pandoc.List()
  for index, item in ipairs(items) do
    out:insert(item .. pandoc.Inlines { pandoc.Str(index == #items and '.' or ';') })
  end
  return out
end

-- The same on paper, with a dash before each.
function chung.gach_dau(items)
  -- A plain dash at the start of a line would begin a list in Typst.
  local dash = chung.dang == 'typst' and chung.typst('#"-"') or pandoc.Str('-')
  return chung.co_dau(items):map(function(item) return pandoc.Inlines { dash, pandoc.Space() } .. item end)
end

-- Capitals, as text. Symbols of documents such as 06/QĐ-TTg keep their letters.
function chung.in_hoa(element)
  return element:walk {
    Str = function(str)
      if str.text:match('[-/]') and str.text ~= pandoc.text.lower(str.text) then
        return nil
      end
      return pandoc.Str(pandoc.text.upper(str.text))
    end,
  }
end

-- A text in capitals as a sentence begins.
function chung.chu_thuong(text)
  local lower = pandoc.text.lower(text)
  return pandoc.text.upper(pandoc.text.sub(lower, 1, 1)) .. pandoc.text.sub(lower, 2)
end

-- Type and period of the document in a few words: “Báo cáo tháng 4 năm 2024”.
function chung.chu_de(meta)
  local source = meta['van-ban'] or {}
  local function text(value)
    return value and pandoc.utils.stringify(value):gsub('^%(', ''):gsub('%)$', '') or ''
  end
  local words = text(source['ten-loai']) .. ' ' .. text(source['ky-bao-cao'])
  return words:match('%S') and chung.chu_thuong(words:match('^%s*(.-)%s*$')) or nil
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

-- Text of a run; where it must not break (`active.lien`), with Word's own hyphen and space for that.
local function noi_dung_chu(text, active)
  local function t(piece)
    return piece ~= '' and '<w:t xml:space="preserve">' .. chung.xml(piece) .. '</w:t>' or ''
  end
  if not active.lien then
    return t(text)
  end
  local out, rest = '', text
  while rest do
    local before, after = rest:match('^([^-]*)-(.*)$')
    out = out .. t(before or rest) .. (before and '<w:noBreakHyphen/>' or '')
    rest = after
  end
  return out
end

local function them(active, name)
  local out = { [name] = true }
  for key in pairs(active) do
    out[key] = true
  end
  return out
end

-- What an inline is as plain text; nil for one that is more.
local function chu_tron(inline, active)
  if inline.t == 'Str' or inline.t == 'Code' then
    return inline.text
  elseif inline.t == 'Space' or inline.t == 'SoftBreak' then
    return active.lien and chung.NBSP or ' '
  end
end

-- Runs of WordprocessingML for inlines; words that stand together are one run.
function chung.chu(inlines, active)
  active = active or {}
  local out, words = {}, ''
  for index, inline in ipairs(inlines) do
    local text = chu_tron(inline, active)
    if text then
      words = words .. text
      local following = inlines[index + 1]
      if not (following and chu_tron(following, active)) then
        out[#out + 1] = mot_doan_chu(noi_dung_chu(words, active), active)
        words = ''
      end
    elseif inline.t == 'LineBreak' then
      out[#out + 1] = mot_doan_chu('<w:br/>', active)
    elseif inline.t == 'Link' and inline.classes:includes('tham-chieu') then
      out[#out + 1] = chung.truong('REF ' .. chung.dau_trang(inline.target:sub(2)) .. ' \\h', chung.chu(inline.content, active), active)
    elseif inline.t == 'Span' or inline.t == 'Link' or inline.t == 'SmallCaps' then
      local lien = inline.t == 'Span' and inline.classes:includes('lien')
      out[#out + 1] = chung.chu(inline.content, lien and them(active, 'lien') or active)
    elseif inline.t == 'RawInline' and inline.format == 'openxml' then
      out[#out + 1] = inline.text
    elseif PHONG_CHU[inline.t] then
      out[#out + 1] = chung.chu(inline.content, them(active, inline.t))
    else
      error('thành phần ' .. inline.t .. ' không đặt được trong bảng hoặc phần đầu văn bản')
    end
  end
  return table.concat(out)
end

-- A field that Word computes anew (F9); `runs` is its present result.
function chung.truong(instruction, runs, active)
  local function mark(kind)
    return mot_doan_chu('<w:fldChar w:fldCharType="' .. kind .. '"/>', active or {})
  end
  return mark('begin') .. mot_doan_chu('<w:instrText xml:space="preserve"> ' .. instruction .. ' </w:instrText>', active or {})
    .. mark('separate') .. runs .. mark('end')
end

-- The name of a bookmark: Word allows letters, digits and "_", forty of them.
function chung.dau_trang(id)
  local name = id:gsub('%-', '_')
  return #name <= 40 and name or name:sub(1, 31) .. '_' .. pandoc.utils.sha1(id):sub(1, 8)
end

-- A caption: “Bảng 1” is a word and a counted number, in a bookmark that references point to. `number` tells bookmarks
-- apart; a caption without number is text.
function chung.chu_thich(style, inlines, id, number)
  local label, rest = pandoc.Inlines {}, pandoc.Inlines {}
  local word, count
  for index, inline in ipairs(inlines) do
    if count == nil and index <= 5 then
      label:insert(inline)
      word, count = pandoc.utils.stringify(label):match('^(%D+) (%d+)%.$')
    else
      rest:insert(inline)
    end
  end
  if count == nil then
    return chung.doan(style, chung.chu(inlines))
  end
  local runs = chung.chu { pandoc.Str(word), pandoc.Space() }
    .. chung.truong('SEQ ' .. word:gsub(' ', '_') .. ' \\* ARABIC', chung.chu { pandoc.Str(count) })
  if id ~= '' then
    runs = '<w:bookmarkStart w:id="' .. number .. '" w:name="' .. chung.dau_trang(id) .. '"/>' .. runs
      .. '<w:bookmarkEnd w:id="' .. number .. '"/>'
  end
  return chung.doan(style, runs .. chung.chu(pandoc.Inlines { pandoc.Str('.') } .. rest))
end

-- A paragraph in a named style; `properties` are further children of w:pPr, in the schema's order.
function chung.doan(style, runs, properties)
  return '<w:p><w:pPr><w:pStyle w:val="' .. style .. '"/>' .. (properties or '') .. '</w:pPr>' .. (runs or '') .. '</w:p>'
end

return chung
