// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "options.h"

#include <QtCore/qcommandlineparser.h>
#include <QtCore/qdir.h>
#include <QtCore/qregularexpression.h>

using namespace Qt::StringLiterals;
using namespace Qanat;

namespace Monitor {

namespace {

const QString Follow = u"follow"_s;
const QString Endpoint = u"endpoint"_s;
const QString File = u"file"_s;
const QString Spool = u"spool"_s;
const QString Screenshot = u"screenshot"_s;
const QString Offscreen = u"offscreen"_s;
const QString Dark = u"dark"_s;
const QString Version = u"version"_s;
const QString Help = u"help"_s;

Result<QUrl> parseUrl(const QString &text)
{
    const QUrl url(text, QUrl::StrictMode);
    if (!url.isValid() || url.host().isEmpty() || (url.scheme() != "http"_L1 && url.scheme() != "https"_L1))
        return Failure{u"--endpoint: \"%1\" is no http or https URL"_s.arg(text)};
    return url;
}

} // namespace

Result<Options> parseOptions(const QStringList &arguments)
{
    QCommandLineParser parser;
    for (const QString &name : {Follow, Endpoint, File, Spool, Screenshot})
        parser.addOption(QCommandLineOption(name, QString(), name));
    for (const QString &name : {Offscreen, Dark, Version})
        parser.addOption(QCommandLineOption(name));
    parser.addOption(QCommandLineOption(QStringList{Help, u"h"_s}));
    if (!parser.parse(arguments))
        return Failure{parser.errorText().remove(QRegularExpression(u"\\.$"_s)) + u"; see --help"_s};
    if (!parser.positionalArguments().isEmpty())
        return Failure{u"\"%1\" is no option; see --help"_s.arg(parser.positionalArguments().constFirst())};

    Options options;
    if (parser.isSet(Help))
        options.action = Options::Action::Help;
    else if (parser.isSet(Version))
        options.action = Options::Action::Version;
    for (const QString &name : {Follow, Endpoint, File, Spool, Screenshot}) {
        if (parser.isSet(name) && parser.value(name).isEmpty())
            return Failure{u"--%1: the value is empty"_s.arg(name)};
    }
    options.follow = parser.value(Follow);
    options.file = parser.value(File);
    options.spool = parser.value(Spool);
    options.screenshot = parser.value(Screenshot);
    options.isOffscreen = parser.isSet(Offscreen);
    options.isDark = parser.isSet(Dark);
    if (options.screenshot.isEmpty())
        options.screenshot = QDir(QDir::tempPath()).filePath(u"qanat-monitor.png"_s);
    if (parser.isSet(Endpoint)) {
        const Result<QUrl> url = parseUrl(parser.value(Endpoint));
        if (!url)
            return Failure{url.errorText()};
        options.endpoint = *url;
    }
    return options;
}

QString helpText()
{
    return uR"(usage: qanat-monitor [OPTION...]

Opens a window that shows a running pipeline: events that you make by hand, or that are read from a file, go to two endpoints of a
web server, a file and a listener. Break the web server at a click, and see what waits, why, and how everything arrives once it is
healthy again.

  --follow FILE      read events from FILE, one JSON value in each line, and go on with what is appended; - is standard
                     input. A CloudEvent stays as it is, any other value becomes the data of an event
  --endpoint URL     send to this web service, and not to the built-in one. Both endpoints do; one sends batches
                     (application/cloudevents-batch+json)
  --file FILE        append the events order.** to FILE, and not to a temporary one
  --spool DIR        keep what is for the web service on disk, in DIR, until it is delivered: the next run goes on with it, and
                     lists what was given up
  --dark             dark colours
  --offscreen        open no window: run for some seconds with faults and recovery, write a picture of the window, print the
                     totals. Without a display it does that by itself
  --screenshot FILE  where that picture goes, a PNG; qanat-monitor.png in the directory for temporary files if not said
  --version
  -h, --help

Exit status: 0; in the run without a window 1 where the totals do not balance or an event is missing, 20 s after the last one; 2 for
wrong usage; 128 + the number of a signal that ended it.
)"_s;
}

} // namespace Monitor
