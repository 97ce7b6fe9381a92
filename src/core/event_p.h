// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_EVENT_P_H
#define QANAT_CORE_EVENT_P_H

#include "timestamp_p.h"
#include "uuid7_p.h"

#include <Qanat/core/event.h>

#include <atomic>
#include <limits>
#include <memory>
#include <vector>

namespace Qanat {

//! What few events have. In a block of its own, so that the others do not pay for it.
struct EventDetails
{
    QString subject;
    QString dataContentType;
    QString dataSchema;
    QString timeText; //!< Only where it is not what Timestamp::toText() writes for UTC.
    int timeOffsetSeconds = 0; //!< Only with a text.
    QVariantMap extensions;
    std::vector<quintptr> givenUpBy; //!< Of a dead letter: Mailbox::identity() of all that have given it up.
    QByteArray position; //!< On its way into a store: where its source is after it.
};

/*!
 * What the copies of an event share. Constant while it is shared, but for the two things that are computed when somebody
 * asks: these are atomic, and whoever computes one twice stores the same.
 */
struct EventData
{
    //! One bit for each attribute that breaks a rule.
    enum Fault : quint16 {
        IdFault = 1 << 0,
        TypeFault = 1 << 1,
        SourceFault = 1 << 2,
        SubjectFault = 1 << 3,
        TimeFault = 1 << 4,
        DataContentTypeFault = 1 << 5,
        DataSchemaFault = 1 << 6,
        ExtensionFault = 1 << 7,
    };

    enum class Portability : quint8 { Unknown, Portable, NotPortable };

    static constexpr qint64 NoTime = std::numeric_limits<qint64>::min();

    EventData() = default; //!< Nothing is set, and nothing is checked yet.
    EventData(const EventData &other);
    EventData &operator=(const EventData &) = delete;
    ~EventData() = default;

    //! With a fresh id and the time of now.
    [[nodiscard]] static EventData *create();
    [[nodiscard]] static Event toEvent(std::unique_ptr<EventData> data) { return Event(data.release()); }
    [[nodiscard]] static const EventData *of(const Event &event) { return event.d; }
    static void noteGivenUp(Event &event, quintptr mailbox);
    //! Not twice by the same, and not by ever more.
    // The last that has; 0 if none has.
    [[nodiscard]] static quintptr lastGivenUpBy(const Event &event);
    [[nodiscard]] static bool mayBeGivenUpBy(const Event &event, quintptr mailbox);
    static void notePosition(Event &event, const QByteArray &position);
    //! Empty where none was noted.
    [[nodiscard]] static QByteArray positionOf(const Event &event);

    void setId(QString newId);
    void setType(QString newType);
    void setSource(QString newSource);
    void setSubject(QString subject);
    void setTime(const QDateTime &newTime);
    //! A time as it was read. False if it is none by RFC 3339; nothing is changed then.
    [[nodiscard]] bool setTimeText(const QString &text);
    void setDataContentType(QString contentType);
    void setDataSchema(QString uri);
    void setExtension(const QString &name, const QVariant &value);

    [[nodiscard]] QString idText() const { return hasUuid ? uuidToText(uuid) : id; }
    [[nodiscard]] QString timeText() const;
    [[nodiscard]] QString errorText() const;
    //! Of an event of which one attribute breaks a rule: which, and why.
    [[nodiscard]] bool hasFaults() const noexcept { return faults != 0; }

    std::atomic<int> references{1};
    quint16 faults = IdFault | TypeFault; //!< Beside the references, since every write asks for both.
    bool hasUuid = false;
    std::atomic<Portability> portability{Portability::Unknown};
    std::atomic<quint32> estimatedSize{0}; //!< 0: nobody asked yet.
    UuidBytes uuid{}; //!< The id, where it has the form of a UUID: less than half of the text's memory.
    QString id; //!< Every other id.
    qint64 timeMSecs = NoTime; //!< Since 1970, UTC.
    QString type;
    QString source; //!< Empty: the default source.
    QVariant data;
    std::unique_ptr<EventDetails> details;

private:
    void note(Fault fault, const char *reason);
    void setDetail(QString EventDetails::*member, QString text);
    EventDetails &ownDetails();
    void clearTime();
};

//! The source of events that have none set.
[[nodiscard]] QString defaultSource();

} // namespace Qanat

#endif
