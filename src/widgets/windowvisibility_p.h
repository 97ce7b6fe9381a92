// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_WINDOWVISIBILITY_P_H
#define QANAT_WIDGETS_WINDOWVISIBILITY_P_H

#include <QtCore/qlist.h>
#include <QtCore/qobject.h>
#include <QtCore/qpointer.h>

QT_BEGIN_NAMESPACE
class QWidget;
QT_END_NAMESPACE

namespace Qanat {

/*
 * Tells whether the window is shown that a widget stands in, be the widget itself behind another tab or not: what it shows later
 * has to be watched now.
 */
class WindowVisibility final : public QObject
{
    Q_OBJECT
public:
    // A child of \a widget. Nothing is told of what is so now.
    explicit WindowVisibility(QWidget *widget);

Q_SIGNALS:
    void changed(bool isVisible);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    // The widget and all that it stands in, any of which may get another parent.
    void watch();
    void look();

    QWidget *const m_widget;
    QList<QPointer<QObject>> m_watched;
    bool m_isVisible = false;
};

} // namespace Qanat

#endif
