// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "options.h"

#include "spool.h"

#include <Qanat/ByteSize>
#include <Qanat/Duration>
#include <Qanat/Event>

#include <QtCore/qcommandlineparser.h>
#include <QtCore/qjsonobject.h>

#include <algorithm>
#include <array>

using namespace Qt::StringLiterals;
using namespace Qanat;
using std::chrono::milliseconds;

namespace Relay {

namespace {

// What HttpSink takes.
constexpr milliseconds LongestTimeout = std::chrono::hours(24);

// No more is ever handed out at once.
constexpr int MostInABatch = 500;

const QString To = u"to"_s;
const QString Config = u"config"_s;
const QString DeadLetter = u"dead-letter"_s;
const QString SpoolFolder = u"spool"_s;
const QString SpoolLimit = u"spool-limit"_s;
const QString SpoolOk = u"spool-ok"_s;
const QString Type = u"type"_s;
const QString Source = u"source"_s;
const QString HeaderField = u"header"_s;
const QString Threshold = u"threshold"_s;
const QString Backoff = u"backoff"_s;
const QString MaxAttempts = u"max-attempts"_s;
const QString MaxAge = u"max-age"_s;
const QString Timeout = u"timeout"_s;
const QString DrainTimeout = u"drain-timeout"_s;
const QString Stats = u"stats"_s;
const QString AllowPlainHttp = u"allow-plain-http"_s;
const QString ContentMode = u"content-mode"_s;
const QString Batch = u"batch"_s;
const QString Linger = u"linger"_s;
const QString InFlight = u"in-flight"_s;
const QString OrderKey = u"order-key"_s;
const QString SignKeyFile = u"sign-key-file"_s;
const QString Profile = u"profile"_s;
const QString Authority = u"ca"_s;
const QString Gzip = u"gzip"_s;
const QString Help = u"help"_s;
const QString Version = u"version"_s;

Result<int> parseCount(const QString &text)
{
    bool isNumber = false;
    const int count = text.toInt(&isNumber);
    if (!isNumber || count < 1)
        return Failure{u"'%1' is no whole number from 1 up"_s.arg(text)};
    return count;
}

Result<milliseconds> parseTime(const QString &text)
{
    Result<milliseconds> time = parseDuration(text);
    if (time && *time <= milliseconds::zero())
        return Failure{u"'%1' is too short"_s.arg(text)};
    return time;
}

Result<milliseconds> parseTimeout(const QString &text)
{
    Result<milliseconds> time = parseTime(text);
    if (time && *time > LongestTimeout)
        return Failure{u"'%1' is too long, at most it is %2"_s.arg(text, formatDuration(LongestTimeout))};
    return time;
}

// Takes the values of options out of the command line; the first that is wrong leaves its error.
class Values
{
public:
    explicit Values(const QCommandLineParser &parser)
        : m_parser(parser)
    {
    }

    template<typename T, typename Parse>
    [[nodiscard]] std::optional<T> read(const QString &option, Parse parse)
    {
        return m_parser.isSet(option) ? check<T>(option, parse(m_parser.value(option))) : std::nullopt;
    }

    template<typename T, typename Parse>
    [[nodiscard]] QList<T> readEach(const QString &option, Parse parse)
    {
        QList<T> values;
        const QStringList texts = m_parser.values(option);
        for (const QString &text : texts) {
            if (const std::optional<T> value = check<T>(option, parse(text)))
                values.append(*value);
        }
        return values;
    }

    //! Something else is wrong, with an option or as \a message says. Answers with no endpoints.
    QList<EndpointOptions> fail(const QString &option, const QString &message)
    {
        return fail("--"_L1 + option + ": "_L1 + message);
    }
    QList<EndpointOptions> fail(const QString &message)
    {
        if (m_errorText.isEmpty())
            m_errorText = message;
        return {};
    }

    [[nodiscard]] QString errorText() const { return m_errorText; }

private:
    template<typename T>
    std::optional<T> check(const QString &option, const Result<T> &result)
    {
        if (result)
            return *result;
        fail(option, result.errorText());
        return std::nullopt;
    }

    const QCommandLineParser &m_parser;
    QString m_errorText;
};

// What an endpoint's configuration calls the value of an option: the library reads and checks it.
struct Member
{
    QString option;
    QString part; // The object that it is in; empty for the whole.
    QString name;
    bool isNumber = false;
};

const std::array<Member, 8> &members()
{
    static const std::array<Member, 8> all{{
        {ContentMode, {}, u"contentMode"_s},
        {Batch, u"batch"_s, u"count"_s, true},
        {Linger, u"batch"_s, u"linger"_s},
        {InFlight, {}, u"requestsInFlight"_s, true},
        {OrderKey, {}, u"orderKey"_s},
        {Profile, u"answers"_s, u"profile"_s},
        {Authority, u"tls"_s, u"authorities"_s},
        {Gzip, {}, u"compression"_s},
    }};
    return all;
}

void addOptions(QCommandLineParser &parser)
{
    for (const QString &name :
         {To,          Config,      DeadLetter, Type,         Source,      HeaderField, Threshold, Backoff,
          MaxAttempts, MaxAge,      Timeout,    DrainTimeout, ContentMode, Batch,       Linger,    InFlight,
          OrderKey,    SignKeyFile, Profile,    Authority,    SpoolFolder, SpoolLimit})
        parser.addOption(QCommandLineOption(name, QString(), name));
    for (const QString &name : {Stats, AllowPlainHttp, Gzip, SpoolOk, Version})
        parser.addOption(QCommandLineOption(name));
    parser.addOption(QCommandLineOption(QStringList{Help, u"h"_s}));
}

Result<QString> parseFileName(const QString &name)
{
    if (name.isEmpty())
        return Failure{u"the name of the file is empty"_s};
    return name;
}

// What of an endpoint is said by options that are members of a configuration, too. The first error names the option.
Result<EndpointConfiguration> readMembers(const QCommandLineParser &parser)
{
    QJsonObject object{{u"url"_s, u"https://localhost"_s}}; // It has to have one; each endpoint gets its own.
    for (const Member &member : members()) {
        if (!parser.isSet(member.option))
            continue;
        QJsonValue value = member.option == Gzip ? u"gzip"_s : parser.value(member.option);
        if (value.toString().isEmpty())
            return Failure{u"--%1: the value is empty"_s.arg(member.option)};
        bool isNumber = false;
        if (const int number = value.toString().toInt(&isNumber); member.isNumber && isNumber)
            value = number;
        QJsonObject part = object.value(member.part).toObject();
        QJsonObject &target = member.part.isEmpty() ? object : part;
        target.insert(member.name, value);
        if (!member.part.isEmpty())
            object.insert(member.part, part);
    }
    Result<EndpointConfiguration> configuration = EndpointConfiguration::fromJson(object);
    if (configuration)
        return configuration;
    QString error = configuration.errorText();
    for (const Member &member : members()) {
        const QString place = member.part.isEmpty() ? member.name : member.part + u'.' + member.name;
        if (error.startsWith(place + u": "_s))
            error = u"--%1%2"_s.arg(member.option, error.sliced(place.size()));
    }
    return Failure{error};
}

// Those of --to, which share what the other options say.
QList<EndpointOptions> endpointsOf(const QCommandLineParser &parser, Values &values)
{
    const QStringList shared{HeaderField,    Threshold,   Backoff,   MaxAttempts, MaxAge,   Timeout,
                             AllowPlainHttp, ContentMode, Batch,     Linger,      InFlight, OrderKey,
                             SignKeyFile,    Profile,     Authority, Gzip};
    if (parser.isSet(Config)) {
        for (const QString &option : QStringList{To} + shared) {
            if (parser.isSet(option))
                return values.fail(Config,
                                   u"FILE says all about its endpoints, so --%1 does not go with it"_s.arg(option));
        }
        return values.read<QList<EndpointOptions>>(Config, readEndpoints).value_or(QList<EndpointOptions>());
    }
    const Result<EndpointConfiguration> members = readMembers(parser);
    if (!members)
        return values.fail(members.errorText());
    if (members->contentMode != HttpSink::ContentMode::Batched) {
        for (const QString &option : {Batch, Linger}) {
            if (parser.isSet(option))
                return values.fail(option, u"only with --content-mode batched a request has several events"_s);
        }
    }
    if (members->maximumBatchCount > MostInABatch && parser.isSet(Batch))
        return values.fail(Batch, u"%1 is more than %2"_s.arg(members->maximumBatchCount).arg(MostInABatch));
    if (parser.isSet(OrderKey) && members->requestsInFlight == 1)
        return values.fail(
            OrderKey, u"with one request at a time the order of all is kept; --in-flight 2 or more asks for several"_s);
    EndpointOptions options;
    EndpointConfiguration &configuration = options.configuration;
    const EndpointConfiguration own = std::exchange(configuration, *members);
    configuration.limits = own.limits;
    configuration.maximumEventSize = own.maximumEventSize;
    if (!parser.isSet(Batch))
        configuration.maximumBatchCount = own.maximumBatchCount;
    if (parser.isSet(AllowPlainHttp))
        configuration.plainHttp = HttpSink::PlainHttp::Everywhere;
    configuration.headers = values.readEach<HttpMessage::Header>(HeaderField, parseHeader);
    configuration.signingSecrets =
        values.read<QList<WebhookSecret>>(SignKeyFile, readSigningSecrets).value_or(QList<WebhookSecret>());
    configuration.breakerThreshold = values.read<int>(Threshold, parseCount).value_or(own.breakerThreshold);
    configuration.backoff = configuration.breakerWait =
        values.read<milliseconds>(Backoff, parseTime).value_or(own.breakerWait);
    // Whoever asks for longer waits means it.
    for (milliseconds *longest :
         {&configuration.maximumBackoff, &configuration.maximumBreakerWait, &configuration.maximumBlockedWait})
        *longest = std::max(*longest, configuration.backoff);
    configuration.maximumAttempts = values.read<int>(MaxAttempts, parseCount).value_or(own.maximumAttempts);
    configuration.maximumAge = values.read<milliseconds>(MaxAge, parseTime).value_or(own.maximumAge);
    configuration.requestTimeout = values.read<milliseconds>(Timeout, parseTimeout).value_or(own.requestTimeout);
    QList<EndpointOptions> endpoints;
    for (const QUrl &url :
         values.readEach<QUrl>(To, [&](const QString &text) { return parseEndpoint(text, configuration.plainHttp); })) {
        configuration.url = url;
        endpoints.append(options);
    }
    return endpoints;
}

std::optional<Options::Spool> readSpool(const QCommandLineParser &parser, const QList<EndpointOptions> &endpoints,
                                        Values &values)
{
    if (!parser.isSet(SpoolFolder)) {
        for (const QString &option : {SpoolLimit, SpoolOk}) {
            if (parser.isSet(option))
                values.fail(option, u"only with --spool"_s);
        }
        return std::nullopt;
    }
    const QString folder = parser.value(SpoolFolder);
    if (folder.isEmpty()) {
        values.fail(SpoolFolder, u"the name of the directory is empty"_s);
        return std::nullopt;
    }
    const Result<QStringList> folders = Spool::foldersOf(folder, endpoints);
    if (!folders)
        values.fail(SpoolFolder, folders.errorText());
    Options::Spool spool{*folders, Spool::foldersIn(folder)};
    for (const QString &own : *folders)
        spool.strangers.removeAll(own);
    spool.isEnough = parser.isSet(SpoolOk);
    spool.bytes = values.read<qint64>(SpoolLimit, parseByteSize).value_or(spool.bytes);
    if (spool.bytes <= 0)
        values.fail(SpoolLimit, u"'%1' is too small"_s.arg(parser.value(SpoolLimit)));
    if (values.errorText().isEmpty()) {
        if (const QString error = Spool::makeFolder(folder); !error.isEmpty())
            values.fail(SpoolFolder, error);
    }
    return spool;
}

// The attributes are checked where they have rules: in an event.
QString attributeError(const Options &options)
{
    if (options.type.isEmpty())
        return u"--type: it must not be empty"_s;
    if (options.source.isEmpty())
        return u"--source: it must not be empty"_s;
    Event event(options.type);
    if (!event.isValid())
        return u"--type: "_s + event.errorText();
    event.setSource(options.source);
    return event.isValid() ? QString() : u"--source: "_s + event.errorText();
}

} // namespace

Result<Options> parseOptions(const QStringList &arguments)
{
    QCommandLineParser parser;
    addOptions(parser);
    Options options;
    // Asking for help helps with mistakes, too.
    const bool isUnderstood = parser.parse(arguments);
    if (parser.isSet(Help)) {
        options.action = Options::Action::Help;
        return options;
    }
    if (!isUnderstood)
        return Failure{parser.errorText() + u" qanat-relay --help lists the options."_s};
    if (parser.isSet(Version)) {
        options.action = Options::Action::Version;
        return options;
    }

    const auto parseText = [](const QString &text) { return Result<QString>(text); };
    Values values(parser);
    options.endpoints = endpointsOf(parser, values);
    options.type = values.read<QString>(Type, parseText).value_or(u"qanat.line"_s);
    options.source = values.read<QString>(Source, parseText).value_or(u"/qanat-relay"_s);
    options.deadLetterFile = values.read<QString>(DeadLetter, parseFileName);
    options.drainTimeout = values.read<milliseconds>(DrainTimeout, parseTime);
    options.statistics = parser.isSet(Stats) ? Options::Statistics::EverySecond : Options::Statistics::Off;
    options.spool = readSpool(parser, options.endpoints, values);
    if (!values.errorText().isEmpty())
        return Failure{values.errorText()};

    if (const QString error = attributeError(options); !error.isEmpty())
        return Failure{error};
    if (options.endpoints.isEmpty())
        return Failure{u"--to URL or --config FILE is missing: where are the events to go?"_s};
    const QStringList files = parser.positionalArguments();
    if (files.size() > 1)
        return Failure{u"one FILE at most can be read, not '%1' and '%2' too"_s.arg(files.at(0), files.at(1))};
    if (!files.isEmpty() && files.first() != "-"_L1)
        options.file = files.first();
    return options;
}

QString helpText()
{
    return uR"(usage: qanat-relay --to URL [--to URL ...] [OPTION ...] [FILE]
       qanat-relay --config FILE [OPTION ...] [FILE]
       qanat-relay dead-letters --spool DIR list|retry|export|purge [OPTION ...]

Relays events, one JSON value per line, from FILE or standard input to web services, in order.

A line that is an object with the member "specversion" is a CloudEvent and keeps its id; any other JSON value becomes the
data of a new event. Empty lines are passed over. A line that is not JSON in UTF-8, or longer than 1 MiB, is named on
standard error, counted and skipped; plain text becomes JSON by `jq -R .`. What fails in passing is tried again, with the same
id, until it is delivered.

  --to URL                where to: each event goes to each endpoint, as a POST
  --config FILE           the endpoints, as JSON; the file says all about them, so no other option of theirs goes with it
  --dead-letter FILE      where events go that were given up, one CloudEvent per line with the reason; another run reads it
  --spool DIR             keeps what is read in DIR until it is delivered, also over a crash or a power cut; see below
  --spool-limit SIZE      so much for each endpoint at most, then reading waits (default: 1GiB)
  --spool-ok              to end with events that are safely stored is a success
  --type TYPE             for lines that are not CloudEvents themselves (default: qanat.line)
  --source URI            for the same lines (default: /qanat-relay)
  --drain-timeout TIME    ends the run when, at the end of input or while the reader is held back, nothing was delivered
                          for that long (default: never)
  --stats                 a line of totals every second on standard error
  --help                  prints this
  --version               prints the version

For the endpoints of --to:

  --content-mode MODE     what a request is (default: structured):
                            structured  the event as JSON
                            binary      its data, with the attributes as headers (ce-id, ce-type, ...)
                            batched     several events as a JSON array
                            json        its data, and nothing of the attributes
  --batch N               batched: so many events in a request at most, up to 500 (default: 500)
  --linger TIME           batched: how long an event may wait for others (default: 1s)
  --gzip                  compresses what is sent
  --in-flight N           so many requests at once, 1 to 6; the order is kept for each key then (default: 1)
  --order-key ATTRIBUTE   the key: source, subject, type or an extension attribute (default: source and subject together)
  --header 'Name: value'  goes with every request; any number of them
  --sign-key-file FILE    signs as Standard Webhooks say, with each of the secrets in FILE, one whsec_... per line
  --profile NAME          how answers are read (default: default); each takes 2xx for delivered:
                            default            tries again after 5xx, 408 and 429; gives an event up after 400, 422
                                               and the like; holds all after 401, 404, 3xx and the like; 410 ends it
                            otlp               tries again after 429, 502, 503 and 504; gives up after all others
                            standard-webhooks  tries again after all but 410
  --ca FILE               trusts the authorities whose certificates are in FILE (PEM), in place of the system's
  --allow-plain-http      http:// to other hosts than this one
  --timeout TIME          for one attempt, from connecting to the end of the answer (default: 30s)
  --threshold N           after so many failures in a row an endpoint is left alone for a while (default: 5)
  --backoff TIME          that while, doubled each time up to 5m; then one request probes (default: 1s)
  --max-attempts N        an event is given up after so many attempts (default: never)
  --max-age TIME          an event is given up so long after it was read, when an attempt has failed since (default: 3d)

TIME has a unit: 250ms 5s 2m 1h 3d. The FILE to be read may be - for standard input.

Reading is at most 1000 events ahead of the slowest endpoint: while one is down, the others wait, too. Ten events in a row that a
service refuses (400, 422) are taken for its fault and not theirs: everything is held then, with a probe now and then.

The file of --config is {"endpoints": [{"name": "audit", "url": "https://...", "filter": {...}, ...}, ...]}: the members are
those of Qanat::EndpointConfiguration, all but url may be left out, and paths in it count from the current directory. With a
filter an endpoint gets only what matches all of it, and of a list any:
  "filter": {"types": ["shop.order.*"], "sources": ["/eu/**"], "attributes": {"tenant": ["a", "b"]}}
In patterns * stands for anything up to the next dot of a type, or slash of a source, and ** for anything. The filter sees the
marks of a dead letter, which are taken off before it is sent: {"deadlettersink": "Endpoint \"audit\""} is what audit gave up.

With --spool an event is stored before it is delivered, once for each endpoint, and the endpoints don't wait for each other. Started again, with
the same endpoints, the program sends what is left in DIR, with the same ids, and goes on in FILE where it stopped: lines are
neither lost nor read twice, and only what was under way when it was killed is sent twice. FILE is known by its path, its first 1024
bytes and the 256 before the place where it stopped; a last line without an end that may go on is left to the next run. An
endpoint is known by its name, else by its URL, and takes 12 MiB in DIR at least. Of standard input it prints "stored N" on
standard error: of the lines that this run has read the first N are safe. What is given up stays in DIR as a dead letter (the
last 100,000, and 256 MiB), where no --dead-letter takes it; `qanat-relay dead-letters --help` tells how to see them and
to send them again. One process uses DIR at a time.

SIGINT and SIGTERM stop reading and drain for at most --drain-timeout (5s where none is given); a second one ends that.

The last line on standard error is one JSON object with the totals. read = rejected + filtered (no endpoint wants it) +
delivered (everywhere where it is wanted) + dropped (given up somewhere) + pending; unread: the input did not come to its end.
With --dead-letter, deadLetters has what was written there, and lost. Each endpoint has its own of these, and:
  failed, retried         attempts; one is a request, or several of them for events that go together
  state                   flowing, failing (--threshold attempts in a row), blocked (somebody has to mend something), disabled
  answers                 how many requests had which status; none is no answer, of those that Qt sent again by itself, too
  error                   the last failure of an attempt

With --spool an event counts once for each endpoint, which has its own filter: filtered + delivered + dropped + pending =
(read - rejected) x endpoints + resumed. And there are: resumed (from former runs; they count as if read), stored (pending,
and safe in DIR), deadLettered (dropped, and kept in DIR).

Exit status: 0 everything was delivered (with --spool-ok: or stored), 1 something
was not, 2 wrong usage, 130 or 143 after a signal (SIGINT, SIGTERM) with something left.
)"_s;
}

} // namespace Relay
