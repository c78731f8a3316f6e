-- Lists on paper are paragraphs with a typed mark, "-" then "+", first line indented, as official texts write them.
-- HTML keeps real lists; the style sheet draws the same marks.
package.path = pandoc.path.join { pandoc.path.directory(PANDOC_SCRIPT_FILE), '?.lua' } .. ';' .. package.path
local chung = require 'chung'

local KIEU = { 'Gạch đầu dòng', 'Dấu cộng' }

local function mot_doan(inlines, depth)
  if chung.dang == 'docx' then
    return pandoc.Div(pandoc.Para(inlines), pandoc.Attr('', {}, { ['custom-style'] = KIEU[math.min(depth, 2)] }))
  end
  return pandoc.Para(inlines)
end

local function trai_phang(list, depth)
  local out = pandoc.Blocks {}
  for index, item in ipairs(list.content) do
    for position, block in ipairs(item) do
      if block.t == 'Plain' or block.t == 'Para' then
        local inlines = block.content
        if position == 1 then
          -- Raw text for Typst: a dash or number at the start of a line would begin a list there.
          local mark = chung.dau_muc(list, index, depth)
          local first = chung.dang == 'typst' and chung.typst('#' .. chung.chuoi(mark)) or pandoc.Str(mark)
          inlines = pandoc.Inlines { first, pandoc.Space() } .. inlines
        end
        out:insert(mot_doan(inlines, depth))
      elseif block.t == 'BulletList' or block.t == 'OrderedList' then
        out:extend(trai_phang(block, depth + 1))
      else
        out:insert(block)
      end
    end
  end
  return out
end

local function doi(list)
  if chung.dang == 'html' then
    return nil
  end
  return trai_phang(list, 1), false
end

return { { traverse = 'topdown', BulletList = doi, OrderedList = doi } }
