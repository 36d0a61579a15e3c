"""The demo users: three to sign in as, and forty to list, search and page through."""

from dataclasses import dataclass

DOMAIN = "lamina.test"


@dataclass(frozen=True)
class Person:
    """A demo user; the e-mail address is `<username>@lamina.test`."""

    username: str
    name: str
    role: str = "viewer"
    status: str = "active"
    age: int | None = None
    locale: str = "en"
    leaves: bool = False
    """Whether the user is deleted afterwards, to be restored."""

    @property
    def email(self) -> str:
        """The address to sign in with."""
        return f"{self.username}@{DOMAIN}"


ADMIN = Person("admin", "Ada Admin", "admin", age=36)
DEMO = (ADMIN, Person("editor", "Emil Editor", "editor", age=41), Person("viewer", "Vera Viewer", age=29))

OTHERS = (
    Person("zoe.muller", "Zoë Müller", "editor", age=34, locale="de-CH"),
    Person("jose.garcia", "José García Núñez", age=52, locale="es-ES"),
    Person("francois.lefevre", "François Lefèvre", "editor", age=47, locale="fr-FR"),
    Person("soren.kierk", "Søren Kjærgård", age=61, locale="da-DK"),
    Person("bjork.g", "Björk Guðmundsdóttir", age=58, locale="is-IS"),
    Person("lukasz.w", "Łukasz Wiśniewski", "editor", age=31, locale="pl-PL"),
    Person("jiri.novak", "Jiří Novák", status="inactive", age=44, locale="cs-CZ"),
    Person("sinead.o", "Sinéad O’Connor-Byrne", age=27, locale="ga-IE"),
    Person("joao.silva", "João da Silva", age=38, locale="pt-BR"),
    Person("ana.simic", "Ana Šimić-Đukić", status="suspended", age=33, locale="hr-HR"),
    Person("istvan.nagy", "Nagy István", age=55, locale="hu-HU"),
    Person("aysegul.y", "Ayşegül Yıldız", "editor", age=30, locale="tr-TR"),
    Person("stefan.p", "Ștefan Popescu", age=49, locale="ro-RO"),
    Person("liis.tamm", "Liis Tamm", age=22, locale="et-EE"),
    Person("nguyen.an", "Nguyễn Thị Ánh", age=26, locale="vi-VN"),
    Person("olga.ivanova", "Ольга Иванова", age=43, locale="ru-RU"),
    Person("taras.s", "Тарас Шевчук", "editor", age=37, locale="uk-UA"),
    Person("dimitra.p", "Δήμητρα Παπαδοπούλου", age=40, locale="el-GR"),
    Person("noam.levi", "נועם לוי", age=28, locale="he-IL"),
    Person("layla.hassan", "ليلى حسن", age=35, locale="ar-EG"),
    Person("shirin.k", "شیرین کریمی", status="inactive", age=45, locale="fa-IR"),
    Person("priya.sharma", "प्रिया शर्मा", "editor", age=32, locale="hi-IN"),
    Person("arjun.k", "அர்ஜுன் குமார்", age=39, locale="ta-IN"),
    Person("somchai.j", "สมชาย ใจดี", age=50, locale="th-TH"),
    Person("li.wei", "李伟", age=24, locale="zh-CN"),
    Person("wang.xiuying", "王秀英", "admin", age=53, locale="zh-TW"),
    Person("haruto.sato", "佐藤 陽翔", age=21, locale="ja-JP"),
    Person("sakura.t", "田中 さくら", "editor", age=29, locale="ja-JP"),
    Person("minjun.kim", "김민준", age=33, locale="ko-KR"),
    Person("seoyeon.lee", "이서연", status="suspended", age=25, locale="ko-KR"),
    Person("tamar.g", "თამარ გიორგაძე", age=48, locale="ka-GE"),
    Person("ani.s", "Անի Սարգսյան", age=31, locale="hy-AM"),
    Person("abebe.b", "አበበ በቀለ", age=62, locale="am-ET"),
    Person("thandiwe.m", "Thandiwe Mbeki", "editor", age=46, locale="zu-ZA"),
    Person("kwame.n", "Kwame Nkrumah-Mensah", age=57, locale="en-GH"),
    Person("moana.t", "Moana Tāwhiri", age=23, locale="mi-NZ"),
    Person("mary-jane.watson", "Mary-Jane Watson", age=28),
    Person("x_ae_12", "X Æ A-12", age=5),
    Person("fred.gone", "Fred Forgotten", age=66, leaves=True),
    Person("gina.gone", "Gina Verlassen", "editor", age=54, locale="de-AT", leaves=True),
)
