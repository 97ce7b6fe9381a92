// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_EVENTASSEMBLER_P_H
#define QANAT_CORE_EVENTASSEMBLER_P_H

#include "event_p.h"

#include <memory>

namespace Qanat {

//! Puts an event together from the members that a format read, and refuses what CloudEvents does not allow.
class EventAssembler
{
public:
    EventAssembler();

    /*!
     * Takes the member \a name, each at most once. Integers come as qlonglong, null as std::nullptr_t. False if it is
     * wrong, see errorText().
     */
    bool add(const QString &name, QVariant value);
    //! Takes the data; false if there is some already.
    bool addData(QVariant data);
    //! The event, or what was wrong first.
    [[nodiscard]] Result<Event> finish();
    [[nodiscard]] QString errorText() const { return m_errorText; }

private:
    bool addText(const QString &name, QString text);
    bool addExtension(const QString &name, QVariant value);
    bool fail(const QString &text);

    std::unique_ptr<EventData> m_event;
    QString m_errorText;
    bool m_hasVersion = false;
};

} // namespace Qanat

#endif
