"""The words that sample data is made of."""

from __future__ import annotations

FIRST_NAMES = (
    "Ada", "Ahmed", "Aiko", "Alice", "Amara", "Anna", "Björn", "Carlos", "Chloé", "Daniel",
    "Elena", "Emma", "Fatima", "Felix", "Grace", "Hana", "Hiroshi", "Ines", "Ivan", "Jonas",
    "José", "Julia", "Kofi", "Lars", "Laura", "Léa", "Liam", "Lucía", "Maria", "Mehmet", "Mia",
    "Mohammed", "Nadia", "Noah", "Olga", "Olivia", "Pablo", "Priya", "Rahul", "Sofia", "Tomás",
    "Uma", "Viktor", "Wei", "Yuki", "Zoë",
)  # fmt: skip

LAST_NAMES = (
    "Abe", "Andersson", "Baker", "Brown", "Chen", "Costa", "Dubois", "Evans", "Fernández",
    "Fischer", "García", "Gupta", "Hansen", "Hoffmann", "Ibrahim", "Ivanov", "Johnson", "Kim",
    "Kowalski", "Larsen", "Lee", "López", "Martin", "Meyer", "Mitchell", "Moreau", "Müller",
    "Nakamura", "Nguyen", "Novak", "O'Brien", "Okafor", "Patel", "Peña", "Popescu", "Rossi",
    "Sánchez", "Schmidt", "Silva", "Singh", "Smith", "Suzuki", "Tanaka", "van Dijk", "Wagner",
    "Wang", "Weber", "Williams", "Öztürk", "Zhang",
)  # fmt: skip

#: What real data holds and naive code breaks on; every text survives an export unchanged.
AWKWARD_TEXTS = (
    'Smith, "The Boss" & Sons',
    "line one\nline two",
    "tab\there",
    "line\u2028separator",
    "🎉 Party GmbH 日本語",
    "  leading blanks",
    "=1+1",
    '"',
    "a;b|c",
    "#comment",
    "back\\slash",
    "null and void",
    "-5 % off, today only",
    'ends with a quote"',
    "\ttab first\nand \"quotes\", commas",
)  # fmt: skip

COMPANY_HEADS = (
    "Acme", "Blue Harbor", "Cedar", "Delta", "Evergreen", "Fjord", "Granite", "Horizon",
    "Ironwood", "Juniper", "Keystone", "Lumen", "Meridian", "Northwind", "Orchard", "Pioneer",
    "Quartz", "Riverbend", "Summit", "Tidewater", "Umbra", "Vertex", "Westfield", "Zephyr",
)  # fmt: skip

COMPANY_TAILS = ("Inc.", "GmbH", "Ltd", "Software", "Logistics", "Foods", "Energy", "Health", "AG")

PRODUCTS = ("Analytics", "Platform", "Connect", "Insights", "Mobile")

INDUSTRIES = (
    "Software", "Banking", "Education", "Energy", "Healthcare", "Logistics", "Manufacturing",
    "Media", "Retail", "Telecommunications",
)  # fmt: skip

TITLES = (
    "Chief Executive Officer", "Chief Technology Officer", "Head of Marketing", "Account Manager",
    "Data Analyst", "Software Engineer", "Sales Director", "Consultant", "Student", "Buyer",
)  # fmt: skip

#: Country, city, state, time zone: they belong together.
PLACES = (
    ("Germany", "Berlin", "Berlin", "Europe/Berlin"),
    ("Germany", "München", "Bayern", "Europe/Berlin"),
    ("Austria", "Wien", "Wien", "Europe/Vienna"),
    ("France", "Paris", "Île-de-France", "Europe/Paris"),
    ("Spain", "Sevilla", "Andalucía", "Europe/Madrid"),
    ("United Kingdom", "London", "England", "Europe/London"),
    ("United States", "Austin", "TX", "America/Chicago"),
    ("United States", "Boston", "MA", "America/New_York"),
    ("United States", "Seattle", "WA", "America/Los_Angeles"),
    ("Canada", "Montréal", "QC", "America/Toronto"),
    ("Brazil", "São Paulo", "SP", "America/Sao_Paulo"),
    ("India", "Bengaluru", "Karnataka", "Asia/Kolkata"),
    ("Japan", "Tokyo", "Tokyo", "Asia/Tokyo"),
    ("Australia", "Sydney", "NSW", "Australia/Sydney"),
)

STREETS = ("Main Street", "High Street", "Hauptstraße", "Rue de la Paix", "Station Road")

LEAD_SOURCES = ("Web", "Trade Show", "Referral", "Purchased List", "Webinar", "Partner")

LEAD_STATUSES = ("New", "Open", "Contacted", "Qualified", "Disqualified")

SOURCE_TYPES = ("Web form fillout", "List import", "New lead", "Web service API")

MAIL_DOMAINS = ("example.com", "example.org", "example.net", "mail.example", "corp.example")

USER_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/17.5 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
    " Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/126.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
)

PAGES = (
    "/", "/pricing", "/products/analytics", "/products/platform", "/blog/2024/attribution",
    "/blog/how-to, really", "/docs/getting-started", "/contact", "/events/webinar-series",
    "/careers", "/lp/ebook.html", "/lp/trial.html",
)  # fmt: skip

REFERRERS = (
    "https://www.google.com/",
    "https://www.bing.com/",
    "https://news.example.com/article?id=42&lang=en",
    "https://social.example/post/7",
)

QUERY_PARAMETERS = (
    "utm_source=newsletter&utm_medium=email&utm_campaign=spring",
    "utm_source=search&utm_medium=cpc&gclid=abc123",
    "ref=partner&coupon=10%25",
    "aliId=eyJpIjoiZFwvVDQifQ%3D%3D",
)

SEARCHES = ("marketing automation", "lead scoring", "bulk extract", "crm integration")

MAIL_NAMES = (
    "Welcome", "Monthly Newsletter", "Product Update", "Webinar Invitation", "Webinar Reminder",
    "Trial Ends Soon", "We Miss You", "Thank You, Friend", "Spring Offer \"20% off\"",
)  # fmt: skip

BOUNCE_DETAILS = (
    "550 5.1.1 The email account that you tried to reach does not exist.",
    "552 5.2.2 Mailbox full",
    "421 4.7.0 Try again later, closing connection.\r\n(in reply to end of DATA)",
)

REASONS = (
    "Changed by Smart Campaign Scoring.Page visit, action Change Score",
    "Web service API",
    "Form fill out, URL: https://www.example.com/contact",
    "Manual change in the lead database",
)

MOMENTS = ("Downloaded the e-book", "Visited pricing 3 times", "Talked to us at the fair")

STATUSES = ("Not in Program", "Member", "Invited", "Registered", "Attended", "Influenced")
