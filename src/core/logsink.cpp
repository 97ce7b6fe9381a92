// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/logsink.h"

#include <QtCore/qdebug.h>
#include <QtCore/qloggingcategory.h>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

QtMsgType messageType(LogSink::Severity severity)
{
    switch (severity) {
    case LogSink::Severity::Debug:
        return QtDebugMsg;
    case LogSink::Severity::Info:
        return QtInfoMsg;
    case LogSink::Severity::Warning:
        return QtWarningMsg;
    case LogSink::Severity::Critical:
        break;
    }
    return QtCriticalMsg;
}

// The attributes have no control characters, so it is one line; what may have blanks comes last.
QString defaultLine(const Event &event)
{
    QString line = event.type() + u" source="_s + event.source() + u" id="_s + event.id();
    const QString subject = event.subject();
    if (!subject.isEmpty())
        line += u" subject="_s + subject;
    return line;
}

} // namespace

class LogSinkPrivate
{
public:
    explicit LogSinkPrivate(const QByteArray &category)
        : name(category.isEmpty() ? QByteArray("default") : QByteArray(category.constData(), category.size()))
        , logging(name.constData())
    {
    }

    void log(QtMsgType type, const QString &line) const;

    // A copy of its own, not the array that was given: the category keeps the address.
    const QByteArray name;
    const QLoggingCategory logging;
    std::function<LogSink::Severity(const Event &)> severity;
    std::function<QString(const Event &)> formatter = defaultLine;
};

void LogSinkPrivate::log(QtMsgType type, const QString &line) const
{
    // The place in this source would tell nobody anything.
    const QMessageLogger logger(nullptr, 0, nullptr, name.constData());
    switch (type) {
    case QtDebugMsg:
        logger.debug().noquote() << line;
        break;
    case QtInfoMsg:
        logger.info().noquote() << line;
        break;
    case QtWarningMsg:
        logger.warning().noquote() << line;
        break;
    default:
        logger.critical().noquote() << line;
    }
}

LogSink::LogSink(const QByteArray &category, Severity severity, QObject *parent)
    : Sink(parent)
    , d(std::make_unique<LogSinkPrivate>(category))
{
    setSeverity(severity);
}

LogSink::~LogSink() = default;

QByteArray LogSink::category() const
{
    return d->name;
}

void LogSink::setSeverity(Severity severity)
{
    d->severity = [severity](const Event &) { return severity; };
}

void LogSink::setSeverity(std::function<Severity(const Event &)> severity)
{
    if (severity)
        d->severity = std::move(severity);
    else
        setSeverity(Severity::Info);
}

void LogSink::setFormatter(std::function<QString(const Event &)> formatter)
{
    d->formatter = formatter ? std::move(formatter) : defaultLine;
}

Delivery LogSink::deliver(const Event &event)
{
    const QtMsgType type = messageType(d->severity(event));
    if (!d->logging.isEnabled(type))
        return Delivery::filtered();
    d->log(type, d->formatter(event));
    return Delivery::delivered();
}

} // namespace Qanat
