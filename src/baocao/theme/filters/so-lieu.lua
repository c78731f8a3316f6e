-- Figures and their sources: HTML keeps the code and the tooltip, on paper they are text.
function Span(span)
  if FORMAT:match('^html') then
    if span.attributes.so then
      span.attributes['data-so'], span.attributes.so = span.attributes.so, nil
    end
    return span
  end
  if span.attributes['data-so'] or span.attributes.so then
    return span.content
  end
end
