-- Width of bold text in twips, to draw a rule as long as a line of text: advances of Tinos Bold (and Times New Roman Bold)
-- in thousandths of the size. Vietnamese letters are as wide as the letter under their marks.
local RONG = {
  A = 722, B = 667, C = 722, D = 722, E = 667, F = 611, G = 778, H = 778, I = 389, J = 500, K = 778, L = 667, M = 944,
  N = 722, O = 778, P = 611, Q = 778, R = 722, S = 556, T = 667, U = 722, V = 722, W = 1000, X = 722, Y = 722, Z = 667,
  a = 500, b = 556, c = 444, d = 556, e = 444, f = 333, g = 500, h = 556, i = 278, j = 333, k = 556, l = 278, m = 833,
  n = 556, o = 500, p = 556, q = 556, r = 444, s = 389, t = 333, u = 556, v = 500, w = 722, x = 500, y = 500, z = 444,
  [' '] = 250, ['-'] = 333, ['.'] = 250, [','] = 250, ['/'] = 278, [':'] = 333, [';'] = 333, ['('] = 333, [')'] = 333, ['&'] = 833,
}
local GOC = {}
for base, letters in pairs {
  a = 'àảãáạăằẳẵắặâầẩẫấậ', e = 'èẻẽéẹêềểễếệ', i = 'ìỉĩíị', o = 'òỏõóọôồổỗốộơờởỡớợ', u = 'ùủũúụưừửữứự', y = 'ỳỷỹýỵ', d = 'đ',
} do
  for _, code in utf8.codes(letters) do
    local letter = utf8.char(code)
    GOC[letter] = base
    GOC[pandoc.text.upper(letter)] = base:upper()
  end
end

return function(text, size)
  local total = 0
  for _, code in utf8.codes(text) do
    local letter = utf8.char(code)
    total = total + (RONG[GOC[letter] or letter] or 500)
  end
  return math.floor(total * size * 20 / 1000)
end
