"""The page: HTML in one column, no script, nothing from outside, below 6 KB.

It is made in pieces of some hundred bytes, for which there is room in a heap that is in pieces too.
Secrets are not handed in: that the board knows one is said, and what it is never shown.
"""

_LIST = 800  # characters of the list of networks: a dozen of them
_SAID = 300  # characters of what the doctor says
_TYPED = 128  # characters of a field that are shown again
_HEAD = """<!doctype html><html lang=en><meta charset=utf-8>%s
<meta name=viewport content="width=device-width"><link rel=icon href=data:,><title>%s</title><style>
"""
_STYLE = b""":root{color-scheme:light dark;--p:#eef2f5;--c:#fff;--t:#14202b;--m:#53626f;--l:#8695a3;
--a:#0a5cad;--i:#fff;--e:#b3261e}
@media(prefers-color-scheme:dark){:root{--p:#10161c;--c:#1b242d;--t:#e9eef3;--m:#a3b3c1;
--l:#6b7b8a;--a:#7cbcff;--i:#0b1a29;--e:#ff9a90}}
*{box-sizing:border-box}
body{margin:0;background:var(--p);color:var(--t);font:17px/1.45 system-ui,sans-serif}
main{max-width:30rem;margin:auto;padding:1.2rem 1rem 3rem;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.2;margin:0 0 .3rem}
h2{font-size:1.1rem;margin:0}p{margin:.2rem 0}
small,summary{color:var(--m);font-size:.88rem}small{display:block;margin-top:.25rem}
summary{padding:1rem 0 .2rem}
"""
_STYLE_2 = b"""section{background:var(--c);border-radius:.9rem;padding:1rem;margin:1rem 0}
label{display:block;margin:.9rem 0 .25rem;font-weight:600;font-size:.95rem}
input,select,textarea,button{width:100%;font:inherit;padding:.7rem;border:1px solid var(--l);
border-radius:.6rem;background:var(--p);color:inherit}
textarea{font:12px monospace}
:focus-visible{outline:3px solid var(--a);outline-offset:2px}
[aria-invalid]{border:2px solid var(--e)}.e{color:var(--e);font-weight:600}
.s{border-left:.4rem solid var(--e)}.k{border-color:var(--a)}
button{background:var(--a);color:var(--i);font-weight:600;border-color:var(--a);margin:.4rem 0}
.q{background:none;color:var(--a)}ul{padding-left:1.2rem;margin:.4rem 0}
@supports selector(:has(a)){:has(>#ssid>:not([value=""]):checked)+.o{display:none}}
</style><main>"""
_EVERY_S = 4  # the page asks again while the board checks
# A field's label, and what a keyboard should know of it.
_PLAIN = " autocapitalize=none autocorrect=off autocomplete=off spellcheck=false"
_URL = _PLAIN + " inputmode=url"
_SECRET = _PLAIN + " type=password"
_LABELS = {
    "ssid": ("Network", ""),
    "other": ("Name of the other or hidden network", _PLAIN + " maxlength=32"),
    "key": ("Wi-Fi password", _SECRET + " maxlength=64"),
    "device": ("Device id", _PLAIN),
    "token": ("Device token", _SECRET),
    "ca": ("Root certificate", _PLAIN + " rows=4"),
    "api": ("Endpoint", _URL),
    "mqtt": ("MQTT endpoint, if it is another", _URL),
}


def escaped(text):
    """Return text for HTML, in and between quotes."""
    for character, entity in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot"), ("'", "#39")):
        text = text.replace(character, "&%s;" % entity)
    return text


def _short(text):
    return escaped(text[:_SAID]) + ("\u2026" if len(text) > _SAID else "")


def _begun(name, title, more=""):
    """Return the begin of a page, as a list of pieces."""
    head = _HEAD % (more, name)
    return [head.encode(), _STYLE, _STYLE_2, ("<h1>%s</h1>" % title).encode()]


class Form:
    """The page with the form.

    - `fields`: {field: text}, without secrets; `kept`: names of the secrets that are known.
    - `errors`: {field: what is wrong}; `said`: what the check found, "" for nothing.
    - `ask_root`: whether to ask for a certificate; `may_save`: offer to save what is not checked.
    """

    def __init__(self, fields, kept, errors, said, ask_root, may_save):
        self._fields = fields
        self._kept = kept
        self._errors = errors
        self._said = said
        self._ask_root = ask_root
        self._may_save = may_save
        # What a check found stands at the top: the page is not to be scrolled to the field.
        self._focus = [field for field in _LABELS if field in errors and not said][:1]
        self._pieces = []

    def _put(self, text):
        self._pieces.append(text.encode())

    def page(self, name, networks):
        """Return it as a list of pieces; `networks`: (name, dBm, is open) of those in reach."""
        self._pieces = _begun(name, "Set up this board")
        self._top()
        self._wifi(networks)
        self._platform()
        self._put("<button name=do value=check>Check and save</button>")
        if self._may_save:
            self._put("<button name=do value=save class=q>Save anyway</button>")
        self._put("<button name=do value=scan class=q formnovalidate>Look for networks again")
        self._put("</button></form>")
        return self._pieces

    def _top(self):
        if self._said or self._errors:
            said = _short(self._said) or "Please look at what is marked below."
            if self._may_save:
                said += "<p>So the platform could not be asked. What you typed can be saved anyway."
            self._put("<section class=s role=alert><p class=e>Not saved yet<p>%s</section>" % said)
        else:
            self._put("<p>It joins your Wi-Fi and becomes a device of AllThingsTalk.")
        self._put('<form method=post action="/">')

    def _wifi(self, networks):
        chosen = self._fields["ssid"]
        options, length, known = [], 0, False
        for essid, dbm, is_open in networks:
            option = '<option value="%s"%s>%s \u00b7 %s%s' % (
                escaped(essid),
                " selected" if essid == chosen or not (chosen or options) else "",
                escaped(essid),
                "strong" if dbm > -60 else "fair" if dbm > -75 else "weak",
                ", open" if is_open else "",
            )
            length += len(option)
            if length > _LIST:
                break
            known = known or essid == chosen
            options.append(option)
        other = chosen and not known or not networks
        options.append('<option value=""%s>Another network\u2026' % (" selected" if other else ""))
        self._put("<section><h2>Wi-Fi</h2><div>")
        self._field("ssid", "", "select", options)
        self._put("</div><div class=o>")
        self._field("other", "", value="" if known else chosen)
        self._put("</div>")
        self._field("key", "Empty for an open network. 2.4 GHz only.")
        self._put("</section>")

    def _platform(self):
        self._put("<section><h2>Device</h2><small>In its settings on the platform.</small>")
        self._field("device", "")
        self._field("token", "")
        if self._ask_root:
            hint = "This board has none that fits, and TLS needs one. PEM, with its BEGIN line."
            self._field("ca", hint, "textarea")
        fields, errors = self._fields, self._errors
        special = fields["api"] or fields["mqtt"] or "api" in errors or "mqtt" in errors
        self._put("<details%s><summary>Another platform</summary>" % (" open" if special else ""))
        self._field("api", "Empty for api.allthingstalk.io. http://\u2026 is not encrypted.")
        self._field("mqtt", "")
        self._put("</details></section>")

    def _field(self, field, hint, kind="input", inside=(), value=None):
        label, more = _LABELS[field]
        wrong = self._errors.get(field)
        if field in self._kept:
            hint = "Kept: leave it empty, or type another."
        elif field in ("device", "token"):
            more += " required"
        if value is None:
            value = self._fields.get(field, "")
        if kind == "input" and value:
            more += ' value="%s"' % escaped(value[:_TYPED])
        note = "<small>%s</small>" % hint if hint else ""
        if wrong:
            more += " aria-invalid=true"
            note = "<small class=e>%s</small>" % _short(wrong) + note
        if note:
            more += " aria-describedby=%s-n" % field
        if field in self._focus:
            more += " autofocus"
        head = "<label for=%s>%s</label><%s id=%s name=%s" % (field, label, kind, field, field)
        self._put("%s%s>" % (head, more))
        for text in inside:
            self._put(text)
        if kind != "input":
            self._put("</%s>" % kind)
        if note:
            self._put("<div id=%s-n>%s</div>" % (field, note))


def checking(name, address, lines):
    """Return the page that is shown meanwhile, and asks again; `lines`: what is done so far."""
    pieces = _begun(name, "Checking\u2026", "<meta http-equiv=refresh content=%d>" % _EVERY_S)
    text = "<section class='s k' role=status><p>The board joins the Wi-Fi and asks the platform."
    text += "<ul>%s</ul></section>" % "".join(["<li>" + escaped(line[:80]) for line in lines[-8:]])
    text += (
        "<p>This takes up to two minutes. Your phone may lose the access point for some seconds: "
        "join <b>%s</b> again then, and open <b>http://%s/</b>." % (name, address)
    )
    pieces.append(text.encode())
    return pieces


def done(name, device):
    """Return the last page."""
    text = (
        "<section class='s k' role=status><p>It starts anew as device <b>%s</b>, and its access "
        "point goes away. Your phone goes back to its own network.</section><p>To change "
        "something later, hold the board's button while it starts." % escaped(device)
    )
    return _begun(name, "The board is set up") + [text.encode()]
