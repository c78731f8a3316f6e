-- A code block of class "bang" holds one HTML table, because Markdown's tables cannot span; it becomes a pandoc table.
function CodeBlock(block)
  if not block.classes:includes('bang') then
    return nil
  end
  local blocks = pandoc.read(block.text, 'html+native_spans').blocks
  if #blocks ~= 1 or blocks[1].t ~= 'Table' then
    error('khối “bang” phải chứa đúng một bảng HTML')
  end
  return blocks
end
