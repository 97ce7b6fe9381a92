// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "ledgerevents.h"

#include "mainwindow.h"

#include <Qanat/FileSink>
#include <Qanat/Filter>
#include <Qanat/LogSource>
#include <Qanat/Matcher>
#include <Qanat/Queue>
#include <Qanat/SignalSource>
#include <Qanat/WorkerPool>

#include <QtGui/qaction.h>

using namespace Qt::StringLiterals;
using namespace Qanat;

Subscription connectLedger(MainWindow &window, Broadcaster *events, const QString &path, Channel *channel,
                           std::function<void(const Event &)> listener)
{
    const Matcher noise =
        Matcher::type(u"log.debug"_s) || Matcher::type(u"sheet.layout*"_s) || Matcher::type(u"*.*AboutToBe*"_s);
    auto worthwhile = std::make_unique<Broadcaster>();
    worthwhile->add(std::make_unique<Queue>(std::make_unique<FileSink>(path)));
    worthwhile->add(channel);
    Subscription subscription = worthwhile->listen(&window, std::move(listener));
    events->add(std::make_unique<Queue>(std::make_unique<Filter>(!noise, std::move(worthwhile)), WorkerPool::shared()));
    for (QAction *action : window.findChildren<QAction *>())
        connectSignal(action, &QAction::triggered, events, u"action.triggered"_s);
    connectAllSignals(window.model(), events, u"sheet"_s);
    connectProperty(window.model(), "fileName", events, u"sheet.fileName"_s);
    new LogSource(events, events);
    return subscription;
}
