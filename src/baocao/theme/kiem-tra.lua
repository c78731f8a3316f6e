-- What Quarto runs before it renders by hand: `baocao.render.precheck`, with the Python that has the package. An editor
-- often starts Quarto outside the project's environment, where Python itself could only complain in English.
local WINDOWS = package.config:sub(1, 1) == '\\'
local QUIET = WINDOWS and ' >NUL 2>&1' or ' >/dev/null 2>&1'

local function chay(python, arguments)
  local ok, _, status = os.execute('"' .. python .. '" ' .. arguments)
  return ok, status
end

local candidates = { '.venv/bin/python', 'python', 'python3' }
if WINDOWS then
  candidates = { '.venv\\Scripts\\python.exe', 'python', 'py' }
end
if os.getenv('QUARTO_PYTHON') then
  table.insert(candidates, 1, os.getenv('QUARTO_PYTHON'))
end
for _, python in ipairs(candidates) do
  if chay(python, '-c "import baocao"' .. QUIET) then
    local ok, status = chay(python, '-m baocao.render.precheck')
    os.exit(ok and 0 or status)
  end
end
io.stderr:write('Chưa dàn trang được: không tìm thấy Python có gói baocao.\n'
  .. '  Cách xử lý: kích hoạt môi trường của dự án (conda activate baocao, hoặc .venv) rồi chạy lại.\n')
os.exit(1)
