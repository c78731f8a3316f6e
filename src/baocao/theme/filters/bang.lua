-- Tables as each format wants them, rows and columns may span:
-- HTML  a table whose header cells say their scope, in a box that scrolls by itself
-- DOCX  a Word table in the style "Bảng": header rows repeat, rows stay whole, widths as given
-- Typst a call of `bang` in the template
package.path = pandoc.path.join { pandoc.path.directory(PANDOC_SCRIPT_FILE), '?.lua' } .. ';' .. package.path
local chung = require 'chung'
local nd30 = require 'nd30'

-- From this many columns on the smaller of the two sizes is used.
local NHIEU_COT = 7
-- A table of at most so many rows stays on one page where it can.
local IT_HANG = 12

-- The rows of a part of a table as a grid of places: each cell with its column, each covered place marked.
local function luoi(rows, columns)
  local grid = {}
  for index = 1, #rows do
    grid[index] = {}
  end
  for index, row in ipairs(rows) do
    local column = 1
    for _, cell in ipairs(row.cells) do
      while grid[index][column] do
        column = column + 1
      end
      local last = math.min(index + cell.row_span - 1, #rows)
      for below = index, last do
        for beside = column, column + cell.col_span - 1 do
          if beside > columns then
            error('hàng ' .. index .. ' của bảng có nhiều ô hơn số cột')
          end
          grid[below][beside] = { che = true }
        end
        grid[below][column] = { cell = cell, dau = below == index, rong = cell.col_span, hop = last > index }
      end
      column = column + cell.col_span
    end
  end
  return grid
end

local function can_o(cell, spec, header)
  if header then
    return 'center'
  end
  local names = { AlignLeft = 'left', AlignRight = 'right', AlignCenter = 'center' }
  return names[tostring(cell.alignment)] or names[tostring(spec[1])] or 'left'
end

local function do_rong(tbl, total)
  local given, open = 0, 0
  for _, spec in ipairs(tbl.colspecs) do
    if spec[2] then
      given = given + spec[2]
    else
      open = open + 1
    end
  end
  local scale = open > 0 and math.max(given, 1) or given
  local widths, used = {}, 0
  for index, spec in ipairs(tbl.colspecs) do
    local share = spec[2] and spec[2] / scale or math.max(1 - given, 0.05 * open) / open
    widths[index] = math.floor(total * share + 0.5)
    used = used + widths[index]
  end
  widths[#widths] = widths[#widths] + total - used
  return widths
end

local function cac_phan(tbl)
  local parts = { { rows = tbl.head.rows, header = true } }
  for _, body in ipairs(tbl.bodies) do
    local rows = pandoc.List(body.head)
    rows:extend(body.body)
    parts[#parts + 1] = { rows = rows, header = false }
  end
  if #tbl.foot.rows > 0 then
    parts[#parts + 1] = { rows = tbl.foot.rows, header = false }
  end
  return parts
end

local function o_word(place, width, style, align, keep)
  local properties = '<w:tcW w:w="' .. width .. '" w:type="dxa"/>'
  if place.rong > 1 then
    properties = properties .. '<w:gridSpan w:val="' .. place.rong .. '"/>'
  end
  if place.hop then
    properties = properties .. (place.dau and '<w:vMerge w:val="restart"/>' or '<w:vMerge/>')
  end
  properties = '<w:tcPr>' .. properties .. '<w:vAlign w:val="center"/></w:tcPr>'
  local jc = (keep and '<w:keepNext/>' or '') .. '<w:jc w:val="' .. align .. '"/>'
  if not place.dau then
    return '<w:tc>' .. properties .. chung.doan(style, '', jc) .. '</w:tc>'
  end
  local paragraphs = {}
  for _, line in ipairs(chung.thanh_dong(place.cell.contents)) do
    paragraphs[#paragraphs + 1] = chung.doan(style, chung.chu(line), jc)
  end
  if #paragraphs == 0 then
    paragraphs[1] = chung.doan(style, '', jc)
  end
  return '<w:tc>' .. properties .. table.concat(paragraphs) .. '</w:tc>'
end

local function bang_word(tbl, total)
  local columns = #tbl.colspecs
  local widths = do_rong(tbl, total)
  local small = columns >= NHIEU_COT and 'Nho' or ''
  local title = tbl.caption.long and pandoc.utils.stringify(tbl.caption.long) or ''
  local out = {}
  if title ~= '' then
    out[#out + 1] = chung.doan('TenBang', chung.chu(chung.noi_dong(chung.thanh_dong(tbl.caption.long))))
  end
  out[#out + 1] = '<w:tbl><w:tblPr><w:tblStyle w:val="Bang"/><w:tblW w:w="' .. total .. '" w:type="dxa"/>'
    .. '<w:jc w:val="center"/><w:tblLayout w:type="fixed"/>'
    .. '<w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0" w:noHBand="1" w:noVBand="1"/>'
    .. (title ~= '' and '<w:tblCaption w:val="' .. chung.xml(title) .. '"/>' or '') .. '</w:tblPr><w:tblGrid>'
  for _, width in ipairs(widths) do
    out[#out + 1] = '<w:gridCol w:w="' .. width .. '"/>'
  end
  out[#out + 1] = '</w:tblGrid>'
  local parts, total_rows, seen = cac_phan(tbl), 0, 0
  for _, part in ipairs(parts) do
    total_rows = total_rows + #part.rows
  end
  for _, part in ipairs(parts) do
    for _, row in ipairs(luoi(part.rows, columns)) do
      seen = seen + 1
      local keep = part.header or (total_rows <= IT_HANG and seen < total_rows)
      out[#out + 1] = '<w:tr><w:trPr><w:cantSplit/>' .. (part.header and '<w:tblHeader/>' or '') .. '</w:trPr>'
      for column = 1, columns do
        local place = row[column]
        if place == nil then
          place = { cell = { contents = {}, alignment = 'AlignDefault' }, dau = true, rong = 1 }
        end
        if not place.che then
          local width = 0
          for beside = column, column + place.rong - 1 do
            width = width + widths[beside]
          end
          local style = (part.header and 'DauBang' or 'OBang') .. small
          out[#out + 1] = o_word(place, width, style, can_o(place.cell, tbl.colspecs[column], part.header), keep)
        end
      end
      out[#out + 1] = '</w:tr>'
    end
  end
  out[#out + 1] = '</w:tbl>'
  -- Word joins tables that touch, and wants a paragraph after the last one.
  return chung.docx(table.concat(out) .. chung.doan('SauBang'))
end

local function bang_typst(tbl)
  local columns = #tbl.colspecs
  local widths = do_rong(tbl, 10000)
  local shares = {}
  for _, width in ipairs(widths) do
    shares[#shares + 1] = width .. 'fr'
  end
  local out = pandoc.Inlines {}
  local function raw(text)
    out:insert(chung.typst(text))
  end
  raw('#bang(cot: (' .. table.concat(shares, ', ') .. ',), nho: ' .. tostring(columns >= NHIEU_COT))
  if tbl.caption.long and #tbl.caption.long > 0 then
    raw(', ten: [')
    out:extend(chung.noi_dong(chung.thanh_dong(tbl.caption.long)))
    raw(']')
  end
  local bodies = 'than'
  for _, part in ipairs(cac_phan(tbl)) do
    if part.header then
      raw(', dau: (')
    elseif bodies == 'than' then
      raw('), than: (')
      bodies = nil
    end
    for _, row in ipairs(luoi(part.rows, columns)) do
      for column = 1, columns do
        local place = row[column]
        if place == nil then
          raw('[],')
        elseif place.cell and place.dau then
          raw('table.cell(align: ' .. can_o(place.cell, tbl.colspecs[column], part.header) .. ' + horizon, rowspan: '
            .. place.cell.row_span .. ', colspan: ' .. place.rong .. ')[')
          local content = chung.noi_dong(chung.thanh_dong(place.cell.contents))
          out:extend(part.header and pandoc.Inlines { pandoc.Strong(content) } or content)
          raw('],')
        end
      end
    end
  end
  raw('))')
  return pandoc.Plain(out)
end

local function bang_html(tbl)
  for _, row in ipairs(tbl.head.rows) do
    for _, cell in ipairs(row.cells) do
      cell.attributes.scope = cell.col_span > 1 and 'colgroup' or 'col'
      cell.alignment = 'AlignCenter'
    end
  end
  local title = tbl.caption.long and pandoc.utils.stringify(tbl.caption.long) or ''
  -- A list of pairs: a Lua table would give them in another order each time.
  return pandoc.Div(tbl, pandoc.Attr('', { 'cuon-ngang' },
    { { 'role', 'region' }, { 'tabindex', '0' }, { 'aria-label', title ~= '' and title or 'Bảng số liệu' } }))
end

local function doi_bang(blocks, orientation)
  return blocks:walk {
    Table = function(tbl)
      if chung.dang == 'docx' then
        return bang_word(tbl, nd30.rong[orientation])
      elseif chung.dang == 'typst' then
        return bang_typst(tbl)
      end
      return bang_html(tbl), false
    end,
    traverse = 'topdown',
  }
end

local function ca_bai(doc)
  doc.blocks = doc.blocks:walk {
    traverse = 'topdown',
    Div = function(div)
      if div.classes:includes('phu-luc') then
        div.content = doi_bang(div.content, div.attributes.huong == 'ngang' and 'ngang' or 'doc')
        return div, false
      end
    end,
    Table = function(tbl)
      return doi_bang(pandoc.Blocks { tbl }, 'doc'), false
    end,
  }
  return doc
end

return { { Pandoc = ca_bai } }
