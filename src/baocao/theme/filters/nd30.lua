-- Generated from nd30.yml by `python -m baocao.theme.generate`; edit that file instead.
return {
  rong = { doc = 9354, ngang = 14287 },
  cot = { trai = 41, phai = 59, ky_trai = 50, ky_phai = 50 },
  cho_ky = 1701,
  co = {
    TieuNgu = 14,
    CoQuanBanHanh = 13,
  },
  phan = {
    doc_dau = '<w:sectPr><w:headerReference w:type="default" r:id="rIdDauTrang"/><w:headerReference w:type="first" r:id="rIdDauTrangNhat"/><w:type w:val="nextPage"/><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="850" w:bottom="1134" w:left="1701" w:header="510" w:footer="510" w:gutter="0"/><w:pgNumType w:start="1"/><w:titlePg/></w:sectPr>',
    doc_tiep = '<w:sectPr><w:headerReference w:type="default" r:id="rIdDauTrang"/><w:headerReference w:type="first" r:id="rIdDauTrangNhat"/><w:type w:val="nextPage"/><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="850" w:bottom="1134" w:left="1701" w:header="510" w:footer="510" w:gutter="0"/><w:titlePg/></w:sectPr>',
    ngang_dau = '<w:sectPr><w:headerReference w:type="default" r:id="rIdDauTrang"/><w:headerReference w:type="first" r:id="rIdDauTrangNhat"/><w:type w:val="nextPage"/><w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/><w:pgMar w:top="1134" w:right="850" w:bottom="1134" w:left="1701" w:header="510" w:footer="510" w:gutter="0"/><w:pgNumType w:start="1"/><w:titlePg/></w:sectPr>',
  },
}
