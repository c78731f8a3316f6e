-- Tables as each format wants them, rows and columns may span:
-- HTML  a table whose header cells say their scope, in a box that scrolls by itself; numbers of a chart in a fold
-- DOCX  a Word table in the style "Bảng": header rows repeat, rows stay whole, widths as given
-- Typst a call of `bang` in the template
package.path = pandoc.path.join { pandoc.path.directory(PANDOC_SCRIPT_FILE), '?.lua' } .. ';' .. package.path
local chung = require 'chung'
local nd30 = require 'nd30'
local do_rong_chu = require 'do-rong-chu'
local qua_cao = require 'hang-cao'

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

-- The style of a cell says how its text stands and how large it is.
local KIEU_O = { left = 'OBang', center = 'OBangGiua', right = 'OBangSo' }

local function kieu_o(align, header, small)
  return (header and 'DauBang' or KIEU_O[align]) .. (small and 'Nho' or '')
end

-- What does not fit on one line of its cell may break after all: first before the symbol, then inside it.
local function vua_o(inlines, width, size)
  local function fits(content)
    return do_rong_chu(pandoc.utils.stringify(content), size) <= width - 2 * nd30.bang.dem
  end
  return inlines:walk {
    Span = function(span)
      if not span.classes:includes('lien') or fits(span) then
        return nil
      end
      local last = span.content[#span.content]
      if #span.content > 1 and fits(last) then
        span.content:remove()
        return span.content .. pandoc.Inlines { pandoc.Span({ last }, span.attr) }
      end
      return span.content
    end,
  }
end

local function o_word(place, width, style)
  local properties = '<w:tcW w:w="' .. width .. '" w:type="dxa"/>'
  if place.rong > 1 then
    properties = properties .. '<w:gridSpan w:val="' .. place.rong .. '"/>'
  end
  if place.hop then
    properties = properties .. (place.dau and '<w:vMerge w:val="restart"/>' or '<w:vMerge/>')
  end
  local paragraphs = {}
  for _, line in ipairs(place.dau and chung.thanh_dong(place.cell.contents) or {}) do
    paragraphs[#paragraphs + 1] = chung.doan(style, chung.chu(vua_o(line, width, nd30.co[style])))
  end
  if #paragraphs == 0 then
    paragraphs[1] = chung.doan(style)
  end
  return '<w:tc><w:tcPr>' .. properties .. '</w:tcPr>' .. table.concat(paragraphs) .. '</w:tc>'
end

local function ten_bang(tbl)
  local lines = tbl.caption.long and chung.thanh_dong(tbl.caption.long) or {}
  return #lines > 0 and chung.noi_dong(lines) or nil
end

-- What a reader who cannot see the table is told: its title, and the columns it has.
local function mo_ta(tbl, title)
  local columns = pandoc.List()
  for _, row in ipairs(tbl.head.rows) do
    for _, cell in ipairs(row.cells) do
      local text = pandoc.utils.stringify(chung.noi_dong(chung.thanh_dong(cell.contents))):gsub('%s+', ' ')
      if text:match('%S') and not columns:includes(text) then
        columns:insert(text)
      end
    end
  end
  local out = title and '<w:tblCaption w:val="' .. chung.xml(title) .. '"/>' or ''
  if #columns > 0 then
    out = out .. '<w:tblDescription w:val="' .. chung.xml('Các cột: ' .. table.concat(columns, '; ')) .. '"/>'
  end
  return out
end

local so_dau_trang = 20000

local function bang_word(tbl, place)
  local total = nd30.rong[place.huong]
  local columns = #tbl.colspecs
  local widths = do_rong(tbl, total)
  local small = columns >= nd30.bang.nhieu_cot
  local title = ten_bang(tbl)
  local parts, total_rows = cac_phan(tbl), 0
  for _, part in ipairs(parts) do
    total_rows = total_rows + #part.rows
  end
  local out = {}
  if title then
    so_dau_trang = so_dau_trang + 1
    out[#out + 1] = chung.chu_thich('TenBang', title, place.nhan, so_dau_trang)
  end
  out[#out + 1] = '<w:tbl><w:tblPr><w:tblStyle w:val="' .. (total_rows <= nd30.bang.it_hang and 'BangLien' or 'Bang')
    .. '"/><w:tblW w:w="' .. total .. '" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
    .. '<w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0" w:noHBand="1" w:noVBand="1"/>'
    .. mo_ta(tbl, title and pandoc.utils.stringify(title) or place.ten) .. '</w:tblPr><w:tblGrid>'
  for _, width in ipairs(widths) do
    out[#out + 1] = '<w:gridCol w:w="' .. width .. '"/>'
  end
  out[#out + 1] = '</w:tblGrid>'
  for _, part in ipairs(parts) do
    for _, row in ipairs(luoi(part.rows, columns)) do
      local whole = part.header or not qua_cao(row, widths, nd30.cao[place.huong])
      local properties = (whole and '<w:cantSplit/>' or '') .. (part.header and '<w:tblHeader/>' or '')
      out[#out + 1] = '<w:tr>' .. (properties ~= '' and '<w:trPr>' .. properties .. '</w:trPr>' or '')
      for column = 1, columns do
        local cell = row[column]
        if cell == nil then
          cell = { cell = { contents = {}, alignment = 'AlignDefault' }, dau = true, rong = 1 }
        end
        if not cell.che then
          local width = 0
          for beside = column, column + cell.rong - 1 do
            width = width + widths[beside]
          end
          local align = can_o(cell.cell, tbl.colspecs[column], part.header)
          out[#out + 1] = o_word(cell, width, kieu_o(align, part.header, small))
        end
      end
      out[#out + 1] = '</w:tr>'
    end
  end
  out[#out + 1] = '</w:tbl>'
  -- Word joins tables that touch, and wants a paragraph after the last one.
  return chung.docx(table.concat(out) .. chung.doan('SauBang'))
end

local function bang_typst(tbl, place)
  local columns = #tbl.colspecs
  local widths = do_rong(tbl, nd30.rong[place.huong])
  local small = columns >= nd30.bang.nhieu_cot
  local shares = {}
  for _, width in ipairs(widths) do
    shares[#shares + 1] = width .. 'fr'
  end
  local out = pandoc.Inlines {}
  local function raw(text)
    out:insert(chung.typst(text))
  end
  raw('#bang(cot: (' .. table.concat(shares, ', ') .. ',), nho: ' .. tostring(small) .. ', nhan: ' .. chung.chuoi(place.nhan))
  local title = ten_bang(tbl)
  if title then
    raw(', ten: [')
    out:extend(title)
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
      local divided = not part.header and qua_cao(row, widths, nd30.cao[place.huong]) and ', breakable: true' or ''
      for column = 1, columns do
        local cell = row[column]
        if cell == nil then
          raw('[],')
        elseif cell.cell and cell.dau then
          local align = can_o(cell.cell, tbl.colspecs[column], part.header)
          local width = 0
          for beside = column, column + cell.rong - 1 do
            width = width + widths[beside]
          end
          raw('table.cell(align: ' .. align .. ' + horizon, rowspan: ' .. cell.cell.row_span .. ', colspan: ' .. cell.rong .. divided .. ')[')
          local style = kieu_o(align, part.header, small)
          local content = vua_o(chung.noi_dong(chung.thanh_dong(cell.cell.contents)), width, nd30.co[style])
          out:extend(part.header and pandoc.Inlines { pandoc.Strong(content) } or content)
          raw('],')
        end
      end
    end
  end
  raw('))')
  return pandoc.Plain(out)
end

-- The columns that name the rows: the first one of text, and the running number before it; 0 where there is none.
local function cot_ten(tbl)
  local function la_ten(column, cells)
    return cells[column] ~= nil and can_o(cells[column], tbl.colspecs[column], false) == 'left'
  end
  local rows = #tbl.bodies == 1 and tbl.bodies[1].body or {}
  for _, row in ipairs(rows) do
    for column = 1, math.min(2, #row.cells) do
      if row.cells[column].col_span > 1 or row.cells[column].row_span > 1 then
        return 0
      end
    end
  end
  local first = rows[1] and rows[1].cells or {}
  return la_ten(1, first) and 1 or la_ten(2, first) and 2 or 0
end

local function chu_o(cell)
  return pandoc.utils.stringify(chung.noi_dong(chung.thanh_dong(cell.contents)))
end

-- A column of names this long, or more, leaves a phone no room for the other columns when it stays in view.
local TEN_DAI = 110

-- All looks are classes, because the page forbids style attributes: where text stands, widths in percent, the column of
-- names that stays in view.
local CAN_HTML = { center = 'giua', right = 'phai' }

local function bang_html(tbl, place)
  local specs, columns = tbl.colspecs, #tbl.colspecs
  local widths, named = do_rong(tbl, 100), cot_ten(tbl)
  for index, row in ipairs(luoi(tbl.head.rows, columns)) do
    for column = 1, columns do
      local here = row[column]
      if here and here.cell then
        here.cell.attributes.scope = here.rong > 1 and 'colgroup' or 'col'
        here.cell.alignment = 'AlignDefault'
        if here.rong == 1 then
          here.cell.classes:insert('w' .. widths[column])
        end
        if column == named and here.rong == 1 and index == 1 then
          here.cell.classes:insert('ten')
        end
      end
    end
  end
  local longest = 0
  for _, body in ipairs(tbl.bodies) do
    body.row_head_columns = named
    for _, row in ipairs(luoi(body.body, columns)) do
      for column = 1, columns do
        local here = row[column]
        if here and here.cell then
          local align = CAN_HTML[can_o(here.cell, specs[column], false)]
          here.cell.alignment = 'AlignDefault'
          if align then
            here.cell.classes:insert(align)
          end
          if column <= named then
            here.cell.attributes.scope = 'row'
          end
          if column == named then
            here.cell.classes:insert('ten')
            longest = math.max(longest, utf8.len(chu_o(here.cell)))
          end
        end
      end
    end
  end
  tbl.colspecs = specs:map(function() return { pandoc.AlignDefault, nil } end)
  if named > 0 and longest < TEN_DAI then
    tbl.classes:insert('ghim')
  end
  tbl.classes:insert(columns >= nd30.bang.nhieu_cot and 'rat-rong' or columns > 4 and 'rong' or 'hep')
  local caption = ten_bang(tbl)
  local title = caption and pandoc.utils.stringify(caption) or place.ten or 'Bảng số liệu'
  if not caption then
    tbl.attributes['aria-label'] = title
  end
  -- A list of pairs: a Lua table would give them in another order each time.
  return pandoc.Div(tbl, pandoc.Attr('', { 'cuon-ngang' },
    { { 'role', 'group' }, { 'tabindex', '0' }, { 'aria-label', title } }))
end

-- The numbers of a chart, folded away below it.
local function so_lieu_bieu_do(div, content)
  local label = chung.xml(div.attributes.nhan or 'Số liệu của biểu đồ')
  local out = pandoc.Blocks { pandoc.RawBlock('html', '<details class="so-lieu-bieu-do">\n<summary>' .. label .. '</summary>') }
  out:extend(content)
  out:insert(pandoc.RawBlock('html', '</details>'))
  return out
end

local MAKERS = { docx = bang_word, typst = bang_typst, html = bang_html }

-- `place`: direction of the page, address of the table, a title where it has none of its own.
local function doi(blocks, place)
  return blocks:walk {
    traverse = 'topdown',
    Div = function(div)
      if div.classes:includes('phu-luc') then
        local title
        div.content:walk { Div = function(inner)
          title = title or (inner.classes:includes('ten-phu-luc') and pandoc.utils.stringify(inner)) or nil
        end }
        local direction = div.attributes.huong == 'ngang' and 'ngang' or 'doc'
        div.content = doi(div.content, { huong = direction, nhan = '', ten = title })
        return div, false
      elseif div.classes:includes('khung-bang') and chung.dang ~= 'html' then
        return doi(div.content, { huong = place.huong, nhan = div.identifier, ten = place.ten }), false
      elseif div.classes:includes('so-lieu-bieu-do') then
        return so_lieu_bieu_do(div, doi(div.content, { huong = place.huong, nhan = '', ten = div.attributes.nhan })), false
      end
    end,
    Table = function(tbl)
      return MAKERS[chung.dang](tbl, place), false
    end,
  }
end

local function ca_bai(doc)
  doc.blocks = doi(doc.blocks, { huong = 'doc', nhan = '' })
  return doc
end

return { { Pandoc = ca_bai } }
