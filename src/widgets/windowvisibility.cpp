// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "windowvisibility_p.h"

#include <QtCore/qcoreevent.h>
#include <QtWidgets/qwidget.h>

namespace Qanat {

WindowVisibility::WindowVisibility(QWidget *widget)
    : QObject(widget)
    , m_widget(widget)
    , m_isVisible(widget->window()->isVisible())
{
    watch();
}

bool WindowVisibility::eventFilter(QObject *watched, QEvent *event)
{
    switch (event->type()) {
    case QEvent::ParentChange:
        watch();
        look();
        break;
    case QEvent::Show:
    case QEvent::Hide:
        if (watched == m_widget->window())
            look();
        break;
    default:
        break;
    }
    return false;
}

void WindowVisibility::watch()
{
    for (const QPointer<QObject> &object : std::as_const(m_watched)) {
        if (object)
            object->removeEventFilter(this);
    }
    m_watched.clear();
    for (QWidget *one = m_widget; one; one = one->parentWidget()) {
        one->installEventFilter(this);
        m_watched.append(one);
        if (one->isWindow())
            break;
    }
}

void WindowVisibility::look()
{
    const bool isVisible = m_widget->window()->isVisible();
    if (std::exchange(m_isVisible, isVisible) != isVisible)
        Q_EMIT changed(isVisible);
}

} // namespace Qanat
