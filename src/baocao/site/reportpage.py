"""A report's page in the site: what was published, with a strip above it that leads back into the site."""

from baocao.errors import Problem, RunError

_HEAD, _BODY = "</head>", '<div class="trang">'


def dress(page: str, head: str, strip: str) -> str:
    """`page` with `head` in its head and `strip` before its content; its policy allows both."""
    for landmark in (_HEAD, _BODY):
        if page.count(landmark) != 1:
            raise RunError(
                Problem(
                    f"trang HTML của báo cáo không có đúng một “{landmark}”",
                    expected="trang lập theo mẫu van-ban.html",
                    remedy="sửa mẫu trang (template) nêu trong _quarto.yml, rồi lập lại báo cáo",
                )
            )
    return page.replace(_HEAD, f"{head}{_HEAD}").replace(_BODY, f"{strip}{_BODY}")
