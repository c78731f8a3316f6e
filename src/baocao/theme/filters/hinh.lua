-- Charts: one figure with its caption below; the text that describes it (fig-alt) goes with it in every format. The page
-- also carries the drawing for narrow screens that stands beside the wide one (`….svg`, `…-hep.svg`).
package.path = pandoc.path.join { pandoc.path.directory(PANDOC_SCRIPT_FILE), '?.lua' } .. ';' .. package.path
local chung = require 'chung'
local nd30 = require 'nd30'

-- Word wants lengths: a share of the text width (twips), lower where the picture would be too high for its page.
-- pandoc writes a picture without the distance to the text beside it; LibreOffice then takes an eighth of an inch on each
-- side, which must not reach into the margin (twips).
local KHOANG_HAI_BEN = 2 * 180

local function kich_thuoc(image, width)
  local share = tonumber((image.attributes.width or '100%'):match('^([%d.]+)%%$') or 100) / 100
  local _, content = pandoc.mediabag.fetch(image.src)
  local size = pandoc.image.size(content)
  local wide = math.min(width * share, width - KHOANG_HAI_BEN, nd30.hinh.cao_nhat * size.width / size.height)
  image.attributes.width = ('%.3fin'):format(wide / 1440)
end

local function anh_trong(figure)
  local found
  figure:walk { Image = function(image) found = found or image end }
  return found
end

local function ten_hinh(figure)
  return chung.noi_dong(chung.thanh_dong(figure.caption.long))
end

-- With its size, where it says one, so that a browser keeps the place of a picture that it has not drawn yet.
local function anh_html(src, described, class)
  local _, content = pandoc.mediabag.fetch(src)
  local known, size = pcall(pandoc.image.size, content)
  return '<img' .. (class and ' class="' .. class .. '"' or '') .. ' src="' .. chung.xml(src) .. '" alt="'
    .. chung.xml(described) .. '"'
    .. (known and (' width="%d" height="%d"'):format(size.width // 1, size.height // 1) or '') .. '>'
end

local so_dau_trang = 10000

local function hinh(figure, width)
  local image = anh_trong(figure)
  if image == nil then
    return nil
  end
  local described = image.attributes['fig-alt'] or image.attributes.alt
  if described == nil or described == '' then
    error('biểu đồ ' .. image.src .. ' thiếu mô tả (fig-alt)')
  end
  image.attributes['fig-alt'], image.attributes.alt = nil, nil
  image.caption = pandoc.Inlines { pandoc.Str(described) }
  local id = figure.identifier
  if chung.dang == 'docx' then
    -- Word draws SVG only in new versions; every one draws PNG.
    image.src = image.src:gsub('%.svg$', '.png')
    kich_thuoc(image, width)
    so_dau_trang = so_dau_trang + 1
    return {
      pandoc.Div(pandoc.Para { image }, pandoc.Attr('', {}, { ['custom-style'] = 'Figure' })),
      chung.docx(chung.chu_thich('TenHinh', ten_hinh(figure), id, so_dau_trang)),
    }
  elseif chung.dang == 'typst' then
    local call = pandoc.Inlines {
      chung.typst('#hinh(' .. chung.chuoi(image.src) .. ', mo-ta: ' .. chung.chuoi(described) .. ', rong: '
        .. (image.attributes.width or '100%') .. ', nhan: ' .. chung.chuoi(id) .. ', ten: ['),
    }
    call:extend(ten_hinh(figure))
    call:insert(chung.typst('])'))
    return pandoc.Plain(call)
  end
  -- Written out, because Quarto dresses figures of its own making in boxes and loses the description.
  local narrow = image.src:gsub('%.svg$', '-hep.svg')
  local pictures
  if narrow ~= image.src and pcall(pandoc.mediabag.fetch, narrow) then
    pictures = anh_html(image.src, described, 'rong') .. '\n' .. anh_html(narrow, described, 'hep')
  else
    local share = (image.attributes.width or '100%'):match('^(%d+)%%$')
    pictures = anh_html(image.src, described, share and share ~= '100' and 'w' .. share or nil)
  end
  return {
    pandoc.RawBlock('html', '<figure' .. (id ~= '' and ' id="' .. chung.xml(id) .. '"' or '') .. '>\n' .. pictures
      .. '\n<figcaption>'),
    pandoc.Plain(ten_hinh(figure)),
    pandoc.RawBlock('html', '</figcaption>\n</figure>'),
  }
end

-- A landscape appendix has a wider page.
local function trong(blocks, width)
  return blocks:walk { Figure = function(figure) return hinh(figure, width) end }
end

local function ca_bai(doc)
  doc.blocks = trong(doc.blocks:walk {
    Div = function(div)
      if div.classes:includes('phu-luc') then
        div.content = trong(div.content, nd30.rong[div.attributes.huong == 'ngang' and 'ngang' or 'doc'])
        return div
      end
    end,
  }, nd30.rong.doc)
  return doc
end

return { { Pandoc = ca_bai } }
