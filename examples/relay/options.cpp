// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "options.h"

#include <Qanat/Duration>
#include <Qanat/Event>

#include <QtCore/qcommandlineparser.h>

using namespace Qt::StringLiterals;
using namespace Qanat;
using std::chrono::milliseconds;

namespace Relay {

namespace {

// What HttpSink takes.
constexpr milliseconds LongestTimeout = std::chrono::hours(24);

const QString To = u"to"_s;
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

    [[nodiscard]] QString errorText() const { return m_errorText; }

private:
    template<typename T>
    std::optional<T> check(const QString &option, const Result<T> &result)
    {
        if (result)
            return *result;
        if (m_errorText.isEmpty())
            m_errorText = "--"_L1 + option + ": "_L1 + result.errorText();
        return std::nullopt;
    }

    const QCommandLineParser &m_parser;
    QString m_errorText;
};

void addOptions(QCommandLineParser &parser)
{
    for (const QString &name :
         {To, Type, Source, HeaderField, Threshold, Backoff, MaxAttempts, MaxAge, Timeout, DrainTimeout})
        parser.addOption(QCommandLineOption(name, QString(), name));
    for (const QString &name : {Stats, AllowPlainHttp, Version})
        parser.addOption(QCommandLineOption(name));
    parser.addOption(QCommandLineOption(QStringList{Help, u"h"_s}));
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

    if (parser.isSet(AllowPlainHttp))
        options.plainHttp = HttpSink::PlainHttp::Everywhere;
    const auto parseText = [](const QString &text) { return Result<QString>(text); };
    Values values(parser);
    options.endpoints =
        values.readEach<QUrl>(To, [&](const QString &text) { return parseEndpoint(text, options.plainHttp); });
    options.headers = values.readEach<Header>(HeaderField, parseHeader);
    options.type = values.read<QString>(Type, parseText).value_or(u"qanat.line"_s);
    options.source = values.read<QString>(Source, parseText).value_or(u"/qanat-relay"_s);
    options.threshold = values.read<int>(Threshold, parseCount).value_or(5);
    options.backoff = values.read<milliseconds>(Backoff, parseTime).value_or(std::chrono::seconds(1));
    options.maximumAttempts = values.read<int>(MaxAttempts, parseCount);
    options.maximumAge = values.read<milliseconds>(MaxAge, parseTime);
    options.timeout = values.read<milliseconds>(Timeout, parseTimeout).value_or(std::chrono::seconds(30));
    options.drainTimeout = values.read<milliseconds>(DrainTimeout, parseTime);
    options.statistics = parser.isSet(Stats) ? Options::Statistics::EverySecond : Options::Statistics::Off;
    if (!values.errorText().isEmpty())
        return Failure{values.errorText()};

    if (const QString error = attributeError(options); !error.isEmpty())
        return Failure{error};
    if (options.endpoints.isEmpty())
        return Failure{u"--to URL is missing: where are the events to go?"_s};
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

Relays events, one JSON value per line, from FILE or standard input to web services, in order.

A line that is an object with the member "specversion" is a CloudEvent and keeps its id; any other JSON value becomes the
data of a new event. Empty lines are passed over. A line that is not JSON in UTF-8, or longer than 1 MiB, is named on
standard error, counted and skipped. What fails in passing is tried again, with the same id, until it is delivered.

  --to URL                where to: each event goes to each endpoint, as a POST
  --type TYPE             for lines that are not CloudEvents themselves (default: qanat.line)
  --source URI            for the same lines (default: /qanat-relay)
  --header 'Name: value'  goes with every request; any number of them
  --threshold N           after so many failures in a row an endpoint is left alone for a while (default: 5)
  --backoff TIME          that while; then one request probes (default: 1s)
  --max-attempts N        an event is dropped after so many attempts (default: never)
  --max-age TIME          an event is dropped so long after it was read (default: never)
  --timeout TIME          for one attempt, from connecting to the end of the answer (default: 30s)
  --drain-timeout TIME    ends the run when, at the end of input or while the reader is held back, nothing was delivered
                          for that long (default: never)
  --stats                 a line of totals every second on standard error
  --allow-plain-http      http:// to other hosts than this one
  --help                  prints this
  --version               prints the version

TIME has a unit: 250ms 5s 2m 1h. FILE may be - for standard input.

SIGINT and SIGTERM stop reading and drain for at most --drain-timeout (5s where none is given); a second one ends that.

The last line on standard error is one JSON object with the totals. Exit status: 0 everything was delivered, 1 something
was not, 2 wrong usage, 130 or 143 after a signal (SIGINT, SIGTERM) with something left.
)"_s;
}

} // namespace Relay
