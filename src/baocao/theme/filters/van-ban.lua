-- The parts of an official document (Nghị định 30/2020/NĐ-CP): letterhead, closing, signature block, appendices.
-- Their texts stand in the metadata `van-ban`; the source only marks their places.
package.path = pandoc.path.join { pandoc.path.directory(PANDOC_SCRIPT_FILE), '?.lua' } .. ';' .. package.path
local chung = require 'chung'
local word = require 'van-ban-word'

local QUOC_HIEU = 'CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM'
local TIEU_NGU = 'Độc lập - Tự do - Hạnh phúc'

-- Where a number or a day is to be written by hand, Markdown has collapsed the blank: give it back its width.
local function chua_cho(inlines)
  local out = pandoc.Inlines {}
  for index, inline in ipairs(inlines) do
    local before, after = inlines[index - 1], inlines[index + 1]
    local left = before and pandoc.utils.stringify(before) or ''
    local right = after and pandoc.utils.stringify(after) or ''
    local blank = inline.t == 'Space'
      and ((left:match('[Ss]ố:?$') and right:match('^/')) or (left:match('[Nn]gày$') and right:match('^tháng')))
    out:insert(blank and pandoc.Str(chung.NBSP:rep(6)) or inline)
  end
  return out
end

-- A metadata value as lines of inlines: a line break in the value is one in the document. nil when absent or empty.
local function cac_dong(value, has_blanks)
  local kind = pandoc.utils.type(value)
  local inlines
  if kind == 'Inlines' then
    inlines = value
  elseif kind == 'Blocks' then
    inlines = pandoc.utils.blocks_to_inlines(value, { pandoc.LineBreak() })
  elseif kind == 'string' and value ~= '' then
    inlines = pandoc.Inlines { pandoc.Str(value) }
  end
  if inlines == nil or #inlines == 0 then
    return nil
  end
  local lines, line = pandoc.List(), pandoc.Inlines {}
  for _, inline in ipairs(has_blanks and chua_cho(inlines) or inlines) do
    if inline.t == 'SoftBreak' or inline.t == 'LineBreak' then
      lines:insert(line)
      line = pandoc.Inlines {}
    else
      line:insert(inline)
    end
  end
  lines:insert(line)
  return lines
end

local function danh_sach(value)
  local items = pandoc.List()
  for _, entry in ipairs(value or {}) do
    local lines = cac_dong(entry)
    if lines then
      items:insert(chung.noi_dong(lines))
    end
  end
  return items
end

local function thong_tin(meta)
  local source = meta['van-ban'] or {}
  local signer = source.ky or {}
  return {
    quoc_hieu = { pandoc.Inlines { pandoc.Str(QUOC_HIEU) } },
    tieu_ngu = { pandoc.Inlines { pandoc.Str(TIEU_NGU) } },
    chu_quan = cac_dong(source['co-quan-chu-quan']),
    ban_hanh = cac_dong(source['co-quan-ban-hanh']),
    so = cac_dong(source['so-ky-hieu'], true),
    ngay = cac_dong(source['dia-danh-ngay'], true),
    ten_loai = cac_dong(source['ten-loai']),
    trich_yeu = cac_dong(source['trich-yeu']),
    ky_bao_cao = cac_dong(source['ky-bao-cao']),
    kinh_gui = danh_sach(source['kinh-gui']),
    noi_nhan = danh_sach(source['noi-nhan']),
    quyen_han = cac_dong(signer['quyen-han']),
    chuc_vu = cac_dong(signer['chuc-vu']),
    ho_ten = cac_dong(signer['ho-ten']),
  }
end

----------------------------------------------------------------------------------------------------------------------
-- Typst

local function goi_typst(name, arguments)
  local out = pandoc.Inlines { chung.typst('#' .. name .. '(') }
  for _, argument in ipairs(arguments) do
    local key, lines = argument[1], argument[2]
    if lines and #lines > 0 then
      out:insert(chung.typst(key .. ': ('))
      for _, line in ipairs(lines) do
        out:insert(chung.typst('['))
        out:extend(line)
        out:insert(chung.typst('],'))
      end
      out:insert(chung.typst('), '))
    end
  end
  out:insert(chung.typst(')'))
  return pandoc.Plain(out)
end

local function dau_typst(info)
  return goi_typst('dau-van-ban', {
    { 'chu-quan', info.chu_quan }, { 'ban-hanh', info.ban_hanh },
    { 'quoc-hieu', info.quoc_hieu }, { 'tieu-ngu', info.tieu_ngu },
    { 'so', info.so }, { 'ngay', info.ngay }, { 'ten-loai', info.ten_loai }, { 'trich-yeu', info.trich_yeu },
    { 'ky-bao-cao', info.ky_bao_cao }, { 'kinh-gui', #info.kinh_gui > 1 and chung.gach_dau(info.kinh_gui) or info.kinh_gui },
  })
end

local function ky_typst(info)
  return goi_typst('khoi-ky', {
    { 'noi-nhan', chung.gach_dau(info.noi_nhan) }, { 'quyen-han', info.quyen_han }, { 'chuc-vu', info.chuc_vu },
    { 'ho-ten', info.ho_ten },
  })
end

----------------------------------------------------------------------------------------------------------------------
-- HTML

local function dong_html(class, lines)
  return lines and pandoc.Div(pandoc.Para(chung.noi_dong(lines)), pandoc.Attr('', { class })) or nil
end

local function khung_html(class, blocks)
  local kept = pandoc.Blocks {}
  for index = 1, blocks.n do
    if blocks[index] then
      kept:insert(blocks[index])
    end
  end
  return pandoc.Div(kept, pandoc.Attr('', { class }))
end

local function muc_html(items)
  return #items > 0 and pandoc.BulletList(items:map(function(item) return { pandoc.Plain(item) } end)) or nil
end

-- An element that pandoc has no block for.
local function boc_html(tag, class, blocks, label)
  local out = pandoc.Blocks { pandoc.RawBlock('html', '<' .. tag .. ' class="' .. class .. '"'
    .. (label and ' aria-label="' .. label .. '"' or '') .. '>') }
  for index = 1, blocks.n do
    if blocks[index] then
      out:insert(blocks[index])
    end
  end
  out:insert(pandoc.RawBlock('html', '</' .. tag .. '>'))
  return out
end

-- Type and abstract are the one h1 of the page; written out, so that they are no entry of its contents.
local function ten_html(info)
  local title = pandoc.Inlines {}
  for _, part in ipairs { { 'ten-loai', info.ten_loai or {} }, { 'trich-yeu', info.trich_yeu or {} } } do
    if #part[2] > 0 then
      title:extend { pandoc.Span(chung.noi_dong(part[2]), pandoc.Attr('', { part[1] })), pandoc.Space() }
    end
  end
  return #title > 0 and pandoc.Div({ pandoc.RawBlock('html', '<h1>'), pandoc.Plain(title),
    pandoc.RawBlock('html', '</h1>') }) or nil
end

local function dau_html(info)
  local addressed
  if #info.kinh_gui == 1 then
    addressed = dong_html('kinh-gui', { pandoc.Inlines { pandoc.Str('Kính gửi:'), pandoc.Space() } .. info.kinh_gui[1] })
  elseif #info.kinh_gui > 1 then
    addressed = pandoc.Div({ pandoc.Para { pandoc.Str('Kính gửi:') }, muc_html(chung.co_dau(info.kinh_gui)) },
      pandoc.Attr('', { 'kinh-gui' }))
  end
  return boc_html('header', 'dau-van-ban', table.pack(
    khung_html('hai-ben', table.pack(
      khung_html('ben-trai', table.pack(dong_html('chu-quan', info.chu_quan), dong_html('ban-hanh', info.ban_hanh),
        dong_html('so', info.so))),
      khung_html('ben-phai', table.pack(dong_html('quoc-hieu', info.quoc_hieu),
        dong_html('tieu-ngu', info.tieu_ngu), dong_html('ngay', info.ngay))))),
    khung_html('ten-van-ban', table.pack(ten_html(info), dong_html('ky-bao-cao', info.ky_bao_cao))),
    addressed))
end

local function ky_html(info)
  local left
  if #info.noi_nhan > 0 then
    left = khung_html('noi-nhan', table.pack(dong_html('nhan', { { pandoc.Str('Nơi nhận:') } }),
      muc_html(chung.co_dau(info.noi_nhan))))
  end
  return boc_html('footer', 'khoi-ky', table.pack(left or khung_html('noi-nhan', table.pack()),
    khung_html('nguoi-ky', table.pack(dong_html('quyen-han', info.quyen_han), dong_html('chuc-vu', info.chuc_vu),
      dong_html('ho-ten', info.ho_ten)))))
end

-- Cards of the main indicators: each a label with its value, rate and change (paragraphs of one span, by class).
local function chi_tieu_html(div)
  local out = pandoc.Blocks { pandoc.RawBlock('html', '<section class="chi-tieu-chinh" aria-label="Chỉ tiêu chính">\n<dl>') }
  div.content:walk { Div = function(card)
    out:insert(pandoc.RawBlock('html', '<div class="chi-tieu">'))
    card.content:walk { Span = function(span)
      local class = span.classes[1]
      if class and not span.attributes['data-so'] then
        local tag = class == 'nhan' and 'dt' or 'dd'
        out:extend { pandoc.RawBlock('html', '<' .. tag .. ' class="' .. class .. '">'), pandoc.Plain(span.content),
          pandoc.RawBlock('html', '</' .. tag .. '>') }
      end
    end }
    out:insert(pandoc.RawBlock('html', '</div>'))
  end }
  out:insert(pandoc.RawBlock('html', '</dl>\n</section>'))
  return out
end

----------------------------------------------------------------------------------------------------------------------
-- Appendices, and their sections in Word

local KIEU_WORD = {
  ['ten-phu-luc'] = 'Tên phụ lục', ['kem-theo'] = 'Kèm theo', ['ket-thuc'] = 'Kết thúc', ['doan-cuoi'] = 'Đoạn cuối',
}

local function khung_rieng(div)
  for class, style in pairs(KIEU_WORD) do
    if div.classes:includes(class) then
      if class == 'kem-theo' then
        div = div:walk { Inlines = chua_cho }
      elseif class == 'ten-phu-luc' then
        div = chung.in_hoa(div)
      end
      if chung.dang == 'docx' then
        return pandoc.Div(div.content, pandoc.Attr(div.identifier, {}, { ['custom-style'] = style }))
      elseif chung.dang == 'typst' then
        local content = pandoc.Blocks { pandoc.RawBlock('typst', '#' .. class .. '[') }
        content:extend(div.content)
        content:insert(pandoc.RawBlock('typst', ']'))
        return content
      end
      return div
    end
  end
end

local function tieu_de(header)
  if chung.dang == 'html' then
    -- The title of the document is the page's h1.
    header.level = header.level + 1
    return header
  end
  if not header.classes:includes('so-phu-luc') then
    if chung.dang == 'docx' and header.identifier ~= '' then
      -- A heading's own bookmark would reach to the end of its section, past the properties that must come last.
      header.content = pandoc.Inlines { pandoc.Span(header.content, pandoc.Attr(header.identifier)) }
      header.identifier = ''
      return header
    end
    return nil
  end
  if chung.dang == 'docx' then
    local text = pandoc.Para { pandoc.Span(header.content, pandoc.Attr(header.identifier)) }
    return pandoc.Div(text, pandoc.Attr('', {}, { ['custom-style'] = 'Số phụ lục' }))
  elseif chung.dang == 'typst' then
    local call = pandoc.Inlines { chung.typst('#so-phu-luc(' .. chung.chuoi(header.identifier) .. ')[') }
    call:extend(header.content)
    call:insert(chung.typst(']'))
    return pandoc.Plain(call)
  end
end

local function phu_luc_typst(div)
  local wide = tostring(div.attributes.huong == 'ngang')
  local out = pandoc.Blocks { pandoc.RawBlock('typst', '#phu-luc(ngang: ' .. wide .. ')[') }
  out:extend(div.content)
  out:insert(pandoc.RawBlock('typst', ']'))
  return out
end

-- The signature block does not stand alone with the closing sentence: the last paragraphs go with it, two lines or more.
local HAI_DONG = 150
local NHIEU_NHAT = 3
local function giu_doan_cuoi(blocks)
  local position
  for index, block in ipairs(blocks) do
    if block.t == 'Div' and block.classes:includes('ket-thuc') then
      position = index - 1
    end
  end
  local length, count = 0, 0
  while position and position > 0 and length < HAI_DONG and count < NHIEU_NHAT do
    local block = blocks[position]
    local text = block.t == 'Div' and #block.content == 1 and block.attributes['custom-style'] and block.content[1] or block
    if text.t ~= 'Para' then
      break
    end
    blocks[position] = pandoc.Div({ text }, pandoc.Attr('', { 'doan-cuoi' }))
    length, count, position = length + utf8.len(pandoc.utils.stringify(text)), count + 1, position - 1
  end
  return blocks
end

-- Properties that a reader of the PDF finds; Word's are made of the same texts where metadata end.
local function thuoc_tinh(doc, info)
  local body = info.ban_hanh and pandoc.utils.stringify(chung.noi_dong(info.ban_hanh))
  local subject = chung.chu_de(doc.meta)
  if chung.dang == 'typst' then
    local year, month, day = pandoc.utils.stringify(doc.meta.date or ''):match('^(%d+)-(%d+)-(%d+)$')
    if year then
      doc.meta['ngay-lap'] = pandoc.MetaInlines { chung.typst(('datetime(year: %d, month: %d, day: %d)'):format(year, month, day)) }
    end
    doc.meta['tac-gia'] = body and pandoc.MetaInlines { chung.typst(chung.chuoi(body)) }
    doc.meta['chu-de'] = subject and pandoc.MetaInlines { chung.typst(chung.chuoi(subject)) }
  elseif chung.dang == 'docx' then
    if pandoc.utils.stringify(doc.meta.lang or '') == 'vi' then
      doc.meta.lang = 'vi-VN'
    end
    doc.meta['nguoi-lap'] = body
    doc.meta['chu-de'] = subject
    doc.meta['loai'] = info.ten_loai and chung.chu_thuong(pandoc.utils.stringify(chung.noi_dong(info.ten_loai)))
    doc.meta['tu-khoa'] = info.so and pandoc.utils.stringify(chung.noi_dong(info.so)):match('/(.+)$')
  end
end

-- Marks of a report that is none to be relied on stand in the headers of a reference document of its own, which the
-- front matter names.
local function kiem_tra_dau(meta)
  local wanted = #((meta['van-ban'] or {})['dau'] or {}) > 0
  local marked = (PANDOC_WRITER_OPTIONS.reference_doc or ''):match('%-dau%.docx$') ~= nil
  if wanted ~= marked then
    error('tệp mẫu DOCX (reference-doc) không khớp với dấu lưu ý (dau) của văn bản')
  end
end

local function thay_cho(doc)
  if chung.dang == 'docx' then
    kiem_tra_dau(doc.meta)
  end
  local info = thong_tin(doc.meta)
  local makers = {
    ['dau-van-ban'] = { docx = word.dau, typst = dau_typst, html = dau_html },
    ['khoi-ky'] = { docx = word.ky, typst = ky_typst, html = ky_html },
  }
  if chung.dang ~= 'html' then
    doc.blocks = giu_doan_cuoi(doc.blocks)
  end
  doc.blocks = doc.blocks:walk {
    Div = function(div)
      for class, maker in pairs(makers) do
        if div.classes:includes(class) then
          return maker[chung.dang](info)
        end
      end
      if chung.dang == 'typst' and div.classes:includes('phu-luc') then
        return phu_luc_typst(div)
      elseif chung.dang == 'html' and div.classes:includes('chi-tieu-chinh') then
        return chi_tieu_html(div)
      end
      return khung_rieng(div)
    end,
    Header = tieu_de,
  }
  if chung.dang == 'docx' then
    doc = word.chia_phan(doc)
  end
  thuoc_tinh(doc, info)
  return doc
end

return { { Pandoc = thay_cho } }
