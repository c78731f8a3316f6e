-- Charts: one figure with its caption below; the text that describes it (fig-alt) goes with it in every format.
package.path = pandoc.path.join { pandoc.path.directory(PANDOC_SCRIPT_FILE), '?.lua' } .. ';' .. package.path
local chung = require 'chung'
local nd30 = require 'nd30'

-- Word wants a length: a share of the text width of a portrait page.
local function be_rong(image)
  local share = (image.attributes.width or '100%'):match('^([%d.]+)%%$')
  if share then
    image.attributes.width = ('%.3fin'):format(nd30.rong.doc / 1440 * tonumber(share) / 100)
  end
end

local function anh_trong(figure)
  local found
  figure:walk { Image = function(image) found = found or image end }
  return found
end

local function ten_hinh(figure)
  return chung.noi_dong(chung.thanh_dong(figure.caption.long))
end

function Figure(figure)
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
    be_rong(image)
    local caption = pandoc.Para { pandoc.Span(ten_hinh(figure), pandoc.Attr(id)) }
    return {
      pandoc.Div(pandoc.Para { image }, pandoc.Attr('', {}, { ['custom-style'] = 'Figure' })),
      pandoc.Div(caption, pandoc.Attr('', {}, { ['custom-style'] = 'Image Caption' })),
    }
  elseif chung.dang == 'typst' then
    local call = pandoc.Inlines {
      chung.typst('#hinh(' .. chung.chuoi(image.src) .. ', mo-ta: ' .. chung.chuoi(described) .. ', rong: '
        .. (image.attributes.width or '100%') .. ', ten: ['),
    }
    call:extend(ten_hinh(figure))
    call:insert(chung.typst('])' .. (id ~= '' and ' <' .. id .. '>' or '')))
    return pandoc.Plain(call)
  end
  -- Written out, because Quarto dresses figures of its own making in boxes and loses the description.
  local caption = pandoc.Plain(ten_hinh(figure))
  return {
    pandoc.RawBlock('html', '<figure' .. (id ~= '' and ' id="' .. chung.xml(id) .. '"' or '') .. '>\n<img src="'
      .. chung.xml(image.src) .. '" alt="' .. chung.xml(described) .. '" style="width:'
      .. chung.xml(image.attributes.width or '100%') .. '">\n<figcaption>'),
    caption,
    pandoc.RawBlock('html', '</figcaption>\n</figure>'),
  }
end
