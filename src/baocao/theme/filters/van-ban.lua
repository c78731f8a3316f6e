-- The parts of an official document (Nghị định 30/2020/NĐ-CP): letterhead, closing, signature block, appendices.
-- Their texts stand in the metadata `van-ban`; the source only marks their places.
package.path = pandoc.path.join { pandoc.path.directory(PANDOC_SCRIPT_FILE), '?.lua' } .. ';' .. package.path
local chung = require 'chung'
local nd30 = require 'nd30'
local do_rong_chu = require 'do-rong-chu'

local QUOC_HIEU = 'CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM'
local TIEU_NGU = 'Độc lập - Tự do - Hạnh phúc'
local NBSP = '\u{a0}'

-- Where a number or a day is to be written by hand, Markdown has collapsed the blank: give it back its width.
local function chua_cho(inlines)
  local out = pandoc.Inlines {}
  for index, inline in ipairs(inlines) do
    local before, after = inlines[index - 1], inlines[index + 1]
    local blank = inline.t == 'Space' and before and after and before.t == 'Str' and after.t == 'Str'
      and ((before.text:match('[Ss]ố:?$') and after.text:match('^/'))
        or (before.text:match('[Nn]gày$') and after.text:match('^tháng')))
    out:insert(blank and pandoc.Str(NBSP:rep(6)) or inline)
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

-- Items as the decree punctuates them: ";" after each, a full stop after the last.
local function co_dau(items)
  local out = pandoc.List()
  for index, item in ipairs(items) do
    out:insert(item .. pandoc.Inlines { pandoc.Str(index == #items and '.' or ';') })
  end
  return out
end

-- The same on paper, with a dash before each.
local function gach_dau(items)
  -- A plain dash at the start of a line would begin a list in Typst.
  local dash = chung.dang == 'typst' and chung.typst('#"-"') or pandoc.Str('-')
  return co_dau(items):map(function(item) return pandoc.Inlines { dash, pandoc.Space() } .. item end)
end

----------------------------------------------------------------------------------------------------------------------
-- DOCX

local function doan_word(style, lines, properties)
  local out = {}
  for _, line in ipairs(lines or {}) do
    out[#out + 1] = chung.doan(style, chung.chu(line), properties)
  end
  return table.concat(out)
end

-- A rule: the upper border of a low paragraph, indented on both sides to the length asked for (twips).
local function duong_ke(length, width)
  local indent = math.max(math.floor((width - length) / 2), 0)
  return chung.doan('DuongKe', '',
    '<w:pBdr><w:top w:val="single" w:sz="6" w:space="1" w:color="000000"/></w:pBdr><w:ind w:left="' .. indent
      .. '" w:right="' .. indent .. '"/>')
end

local function khung_word(widths, rows)
  local total = 0
  local out = {}
  for _, width in ipairs(widths) do
    total = total + width
  end
  out[1] = '<w:tbl><w:tblPr><w:tblStyle w:val="KhungChu"/><w:tblW w:w="' .. total
    .. '" w:type="dxa"/><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>'
  for _, width in ipairs(widths) do
    out[#out + 1] = '<w:gridCol w:w="' .. width .. '"/>'
  end
  out[#out + 1] = '</w:tblGrid>'
  for _, row in ipairs(rows) do
    out[#out + 1] = '<w:tr><w:trPr><w:cantSplit/></w:trPr>'
    for index, cell in ipairs(row) do
      out[#out + 1] = '<w:tc><w:tcPr><w:tcW w:w="' .. widths[index] .. '" w:type="dxa"/></w:tcPr>'
        .. (cell ~= '' and cell or chung.doan('Normal')) .. '</w:tc>'
    end
    out[#out + 1] = '</w:tr>'
  end
  out[#out + 1] = '</w:tbl>'
  return table.concat(out)
end

local function chia_cot(left)
  local first = math.floor(nd30.rong.doc * left / 100 + 0.5)
  return { first, nd30.rong.doc - first }
end

local function dau_word(info)
  local widths = chia_cot(nd30.cot.trai)
  local left = doan_word('CoQuanChuQuan', info.chu_quan) .. doan_word('CoQuanBanHanh', info.ban_hanh)
  if info.ban_hanh then
    local last = pandoc.utils.stringify(info.ban_hanh[#info.ban_hanh])
    left = left .. duong_ke(do_rong_chu(last, nd30.co.CoQuanBanHanh) * 0.45, widths[1])
  end
  local right = chung.doan('QuocHieu', chung.chu { pandoc.Str(QUOC_HIEU) })
    .. chung.doan('TieuNgu', chung.chu { pandoc.Str(TIEU_NGU) })
    .. duong_ke(do_rong_chu(TIEU_NGU, nd30.co.TieuNgu), widths[2])
  local out = khung_word(widths, {
    { left, right },
    { doan_word('SoKyHieu', info.so), doan_word('DiaDanhNgay', info.ngay) },
  })
  out = out .. doan_word('TenLoai', info.ten_loai) .. doan_word('TrichYeu', info.trich_yeu)
    .. doan_word('KyBaoCao', info.ky_bao_cao) .. duong_ke(nd30.rong.doc / 3, nd30.rong.doc)
  if #info.kinh_gui == 1 then
    out = out .. chung.doan('KinhGui', chung.chu(pandoc.Inlines { pandoc.Str('Kính gửi:'), pandoc.Space() } .. info.kinh_gui[1]))
  elseif #info.kinh_gui > 1 then
    out = out .. chung.doan('KinhGui', chung.chu { pandoc.Str('Kính gửi:') })
    out = out .. doan_word('KinhGuiMuc', gach_dau(info.kinh_gui))
  end
  return chung.docx(out .. chung.doan('SauBang'))
end

local function ky_word(info)
  local left = ''
  if #info.noi_nhan > 0 then
    left = chung.doan('NoiNhan', chung.chu { pandoc.Str('Nơi nhận:') }) .. doan_word('NoiNhanMuc', gach_dau(info.noi_nhan))
  end
  local right = doan_word('QuyenHan', info.quyen_han) .. doan_word('QuyenHan', info.chuc_vu)
    .. chung.doan('QuyenHan', '', '<w:spacing w:before="' .. nd30.cho_ky .. '"/>') .. doan_word('HoTen', info.ho_ten)
  return chung.docx(khung_word(chia_cot(nd30.cot.ky_trai), { { left, right } }) .. chung.doan('SauBang'))
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
    { 'quoc-hieu', { { pandoc.Str(QUOC_HIEU) } } }, { 'tieu-ngu', { { pandoc.Str(TIEU_NGU) } } },
    { 'so', info.so }, { 'ngay', info.ngay }, { 'ten-loai', info.ten_loai }, { 'trich-yeu', info.trich_yeu },
    { 'ky-bao-cao', info.ky_bao_cao }, { 'kinh-gui', #info.kinh_gui > 1 and gach_dau(info.kinh_gui) or info.kinh_gui },
  })
end

local function ky_typst(info)
  return goi_typst('khoi-ky', {
    { 'noi-nhan', gach_dau(info.noi_nhan) }, { 'quyen-han', info.quyen_han }, { 'chuc-vu', info.chuc_vu },
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

local function dau_html(info)
  local addressed
  if #info.kinh_gui == 1 then
    addressed = dong_html('kinh-gui', { pandoc.Inlines { pandoc.Str('Kính gửi:'), pandoc.Space() } .. info.kinh_gui[1] })
  elseif #info.kinh_gui > 1 then
    addressed = pandoc.Div({ pandoc.Para { pandoc.Str('Kính gửi:') }, muc_html(co_dau(info.kinh_gui)) },
      pandoc.Attr('', { 'kinh-gui' }))
  end
  return khung_html('dau-van-ban', table.pack(
    khung_html('hai-ben', table.pack(
      khung_html('ben-trai', table.pack(dong_html('chu-quan', info.chu_quan), dong_html('ban-hanh', info.ban_hanh),
        dong_html('so', info.so))),
      khung_html('ben-phai', table.pack(dong_html('quoc-hieu', { { pandoc.Str(QUOC_HIEU) } }),
        dong_html('tieu-ngu', { { pandoc.Str(TIEU_NGU) } }), dong_html('ngay', info.ngay))))),
    khung_html('ten-van-ban', table.pack(dong_html('ten-loai', info.ten_loai), dong_html('trich-yeu', info.trich_yeu),
      dong_html('ky-bao-cao', info.ky_bao_cao))),
    addressed))
end

local function ky_html(info)
  local left
  if #info.noi_nhan > 0 then
    left = khung_html('noi-nhan', table.pack(dong_html('nhan', { { pandoc.Str('Nơi nhận:') } }),
      muc_html(co_dau(info.noi_nhan))))
  end
  return khung_html('khoi-ky', table.pack(left or khung_html('noi-nhan', table.pack()),
    khung_html('nguoi-ky', table.pack(dong_html('quyen-han', info.quyen_han), dong_html('chuc-vu', info.chuc_vu),
      dong_html('ho-ten', info.ho_ten)))))
end

----------------------------------------------------------------------------------------------------------------------
-- Appendices, and their sections in Word

local KIEU_WORD = { ['ten-phu-luc'] = 'Tên phụ lục', ['kem-theo'] = 'Kèm theo', ['ket-thuc'] = 'Kết thúc' }

local function khung_rieng(div)
  for class, style in pairs(KIEU_WORD) do
    if div.classes:includes(class) then
      if class == 'kem-theo' then
        div = div:walk { Inlines = chua_cho }
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

-- Each appendix is a section of its own: page direction, page numbers from 1. Word keeps a section's properties in its
-- last paragraph, those of the last section at the end of the body; the template adds none.
local function chia_phan_word(doc)
  local out = pandoc.Blocks {}
  local current
  for _, block in ipairs(doc.blocks) do
    -- Quarto ends every document with an empty box of its own; it is no text that would want a page.
    if block.t == 'Div' and #block.content == 0 then
      goto continue
    end
    local appendix = block.t == 'Div' and block.classes:includes('phu-luc')
    local kind = not appendix and (current == nil and 'doc_dau' or 'doc_tiep')
      or block.attributes.huong == 'ngang' and 'ngang_dau' or 'doc_dau'
    local continues = not appendix and (current == nil or current.plain)
    if current and not continues then
      out:insert(chung.docx(chung.doan('NgatPhan', '', nd30.phan[current.kind])))
    end
    if not (continues and current) then
      current = { kind = kind, plain = not appendix }
    end
    if appendix then
      out:extend(block.content)
    else
      out:insert(block)
    end
    ::continue::
  end
  out:insert(chung.docx(nd30.phan[current and current.kind or 'doc_dau']))
  doc.blocks = out
  return doc
end

-- The mark of simulated data stands in the headers of its own reference document, which the front matter names.
local function kiem_tra_dau(meta)
  local simulated = (meta['van-ban'] or {})['mo-phong'] == true
  local marked = (PANDOC_WRITER_OPTIONS.reference_doc or ''):match('%-mo%-phong%.docx$') ~= nil
  if simulated ~= marked then
    error('tệp mẫu DOCX (reference-doc) không khớp với dấu “mo-phong” của văn bản')
  end
end

local function thay_cho(doc)
  if chung.dang == 'docx' then
    kiem_tra_dau(doc.meta)
  end
  local info = thong_tin(doc.meta)
  local makers = {
    ['dau-van-ban'] = { docx = dau_word, typst = dau_typst, html = dau_html },
    ['khoi-ky'] = { docx = ky_word, typst = ky_typst, html = ky_html },
  }
  doc.blocks = doc.blocks:walk {
    Div = function(div)
      for class, maker in pairs(makers) do
        if div.classes:includes(class) then
          return maker[chung.dang](info)
        end
      end
      if chung.dang == 'typst' and div.classes:includes('phu-luc') then
        return phu_luc_typst(div)
      end
      return khung_rieng(div)
    end,
    Header = tieu_de,
  }
  if chung.dang == 'docx' then
    doc = chia_phan_word(doc)
    if pandoc.utils.stringify(doc.meta.lang or '') == 'vi' then
      doc.meta.lang = 'vi-VN'
    end
  elseif chung.dang == 'typst' then
    local year, month, day = pandoc.utils.stringify(doc.meta.date or ''):match('^(%d+)-(%d+)-(%d+)$')
    if year then
      doc.meta['ngay-lap'] = pandoc.MetaInlines { chung.typst(('datetime(year: %d, month: %d, day: %d)'):format(year, month, day)) }
    end
  end
  return doc
end

return { { Pandoc = thay_cho } }
