-- Rows of tables that are too tall to be kept on one page.
local chung = require 'chung'
local nd30 = require 'nd30'
local do_rong_chu = require 'do-rong-chu'

-- How many lines of body text the inlines take in a cell: as many words on each as fit.
local function so_dong(inlines, width)
  local lines, used = 1, 0
  inlines:walk { LineBreak = function() lines = lines + 1 end }
  for word in pandoc.utils.stringify(inlines):gmatch('%S+') do
    local length = do_rong_chu(word, nd30.co.OBang)
    if used > 0 and used + length > width then
      lines, used = lines + 1, 0
    end
    lines = lines + (length - 1) // width
    used = used + length + do_rong_chu(' ', nd30.co.OBang)
  end
  return lines
end

-- Whether a row may go over pages: one that nearly fills a page would lose what does not fit. Lines of body text are at
-- most one and a half times the letters' size apart, so the estimate errs to the high side.
return function(row, widths, page)
  for column, place in ipairs(row) do
    if place.cell and place.dau then
      local width = -2 * nd30.bang.dem
      for beside = column, column + place.rong - 1 do
        width = width + widths[beside]
      end
      width = math.max(width, nd30.co.OBang * 20)
      local lines = 0
      for _, line in ipairs(chung.thanh_dong(place.cell.contents)) do
        lines = lines + so_dong(line, width)
      end
      if lines * nd30.co.OBang * 20 * 1.5 > page then
        return true
      end
    end
  end
  return false
end
