-- Letterhead, signature block and sections of an official document in WordprocessingML.
local chung = require 'chung'
local nd30 = require 'nd30'
local do_rong_chu = require 'do-rong-chu'

local word = {}

local function doan_word(style, lines)
  local out = {}
  for _, line in ipairs(lines or {}) do
    out[#out + 1] = chung.doan(style, chung.chu(line))
  end
  return table.concat(out)
end

-- A rule: its style draws it; the indents make it a share of the longest line of `lines`, which wrap at `width` (twips).
local function duong_ke(style, lines, share, width)
  local longest = 0
  for _, line in ipairs(lines or {}) do
    longest = math.max(longest, math.min(do_rong_chu(pandoc.utils.stringify(line), nd30.co[style]), width))
  end
  local indent = math.floor((width - longest * share) / 2)
  return chung.doan('DuongKe', '', '<w:ind w:left="' .. indent .. '" w:right="' .. indent .. '"/>')
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

function word.dau(info)
  local widths = chia_cot(nd30.cot.trai)
  local left = doan_word('CoQuanChuQuan', info.chu_quan) .. doan_word('CoQuanBanHanh', info.ban_hanh)
  if info.ban_hanh then
    left = left .. duong_ke('CoQuanBanHanh', info.ban_hanh, nd30.duong_ke.co_quan_ban_hanh, widths[1])
  end
  local right = doan_word('QuocHieu', info.quoc_hieu) .. doan_word('TieuNgu', info.tieu_ngu)
    .. duong_ke('TieuNgu', info.tieu_ngu, nd30.duong_ke.tieu_ngu, widths[2])
  local out = khung_word(widths, {
    { left, right },
    { doan_word('SoKyHieu', info.so), doan_word('DiaDanhNgay', info.ngay) },
  })
  out = out .. doan_word('TenLoai', info.ten_loai) .. doan_word('TrichYeu', info.trich_yeu)
    .. doan_word('KyBaoCao', info.ky_bao_cao)
    .. duong_ke('TrichYeu', info.trich_yeu, nd30.duong_ke.trich_yeu, nd30.rong.doc)
  if #info.kinh_gui == 1 then
    out = out .. chung.doan('KinhGui', chung.chu(pandoc.Inlines { pandoc.Str('Kính gửi:'), pandoc.Space() } .. info.kinh_gui[1]))
  elseif #info.kinh_gui > 1 then
    out = out .. chung.doan('KinhGui', chung.chu { pandoc.Str('Kính gửi:') })
    out = out .. doan_word('KinhGuiMuc', chung.gach_dau(info.kinh_gui))
  end
  return chung.docx(out .. chung.doan('SauBang'))
end

function word.ky(info)
  local left = ''
  if #info.noi_nhan > 0 then
    left = chung.doan('NoiNhan', chung.chu { pandoc.Str('Nơi nhận:') })
      .. doan_word('NoiNhanMuc', chung.gach_dau(info.noi_nhan))
  end
  local right = doan_word('QuyenHan', info.quyen_han) .. chung.doan('ChoKy') .. doan_word('QuyenHan', info.chuc_vu)
    .. doan_word('HoTen', info.ho_ten)
  return chung.docx(khung_word(chia_cot(nd30.cot.ky_trai), { { left, right } }) .. chung.doan('SauBang'))
end

-- Each appendix is a section of its own: page direction, page numbers from 1. Word keeps a section's properties in its
-- last paragraph, those of the last section at the end of the body; the template adds none.
function word.chia_phan(doc)
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

return word
