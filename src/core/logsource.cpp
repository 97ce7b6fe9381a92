// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/logsource.h"

#include "logging_p.h"
#include "logtap_p.h"
#include "sink_p.h"

namespace Qanat {

class LogSourcePrivate
{
public:
    std::shared_ptr<LogTap> tap;
};

LogSource::LogSource(Sink *sink, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<LogSourcePrivate>())
{
    d->tap = std::make_shared<LogTap>(sink ? SinkAccess::mailbox(*sink) : nullptr);
    if (sink)
        LogTap::open(d->tap);
    else
        qCWarning(qanatSink, "A LogSource was given no sink");
}

LogSource::~LogSource()
{
    LogTap::close(d->tap.get());
}

QtMsgType LogSource::minimumLevel() const
{
    return d->tap->minimumLevel.load();
}

void LogSource::setMinimumLevel(QtMsgType level)
{
    if (d->tap->minimumLevel.exchange(level) != level)
        Q_EMIT minimumLevelChanged(level, QPrivateSignal());
}

qint64 LogSource::suppressed() const
{
    return d->tap->suppressed.load();
}

} // namespace Qanat
