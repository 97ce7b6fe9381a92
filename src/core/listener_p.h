// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_LISTENER_P_H
#define QANAT_CORE_LISTENER_P_H

#include "Qanat/core/matcher.h"
#include "Qanat/core/sink.h"

#include <QtCore/qpointer.h>

namespace Qanat {

/*
 * The sink behind Broadcaster::listen(): a child of the context, whose thread it works in, and with which it goes.
 */
class ListenerSink final : public Sink
{
    Q_OBJECT
public:
    using Functor = std::function<Delivery(const Event &)>;
    ListenerSink(QObject *context, const Matcher &matcher, Functor functor);
    ~ListenerSink() override;

    // Into the thread of the context. Nothing may touch it from here after that.
    void settleIn();

protected:
    void process(const Batch &batch, Completion completion) override;
    Delivery finish() override;
    bool event(QEvent *event) override;

private:
    struct Work;
    void goOn();

    const QPointer<QObject> m_context;
    const std::shared_ptr<Work> m_work;
};

} // namespace Qanat

#endif
