// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_EVENT_H
#define QANAT_CORE_EVENT_H

#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/result.h>

#include <QtCore/qbytearrayview.h>
#include <QtCore/qdatetime.h>
#include <QtCore/qmetatype.h>
#include <QtCore/qobjectdefs.h>
#include <QtCore/qstring.h>
#include <QtCore/qtypeinfo.h>
#include <QtCore/qvariant.h>

#include <utility>

QT_BEGIN_NAMESPACE
class QDebug;
QT_END_NAMESPACE

namespace Qanat {

struct EventData;

/*!
 * Something that happened: an implicitly shared value with the attributes of CloudEvents 1.0.
 *
 * \code
 * Event event(u"document.renamed"_s, QVariantMap{{u"from"_s, from}, {u"to"_s, to}});
 * event.setSource(u"/editor"_s);
 * events->write(event);
 * \endcode
 *
 * **Cost.** The size of one pointer; copying counts a reference. Making an event costs one small allocation and one
 * reading of the clock.
 *
 * **Threads.** Reentrant, as all implicitly shared values: any number of threads may read one event, or copies of it, at
 * once; setters change their own object alone and detach it from its copies.
 *
 * **Attributes** follow CloudEvents 1.0.2, section 3.1: text holds no control characters, no Unicode noncharacters and no
 * lone surrogates. A setter takes what it is given; isValid() and errorText() tell whether it is allowed, and a sink
 * refuses an invalid event.
 *
 * **Data** is a QVariant. Inside the process it may hold anything. Out of the process, and so through toJson() and
 * toCbor(), it may hold what this table names, nested in lists and maps up to 512 levels; isPortable() looks for it.
 *
 * | put in | back from JSON | back from CBOR |
 * |---|---|---|
 * | nothing (an invalid QVariant) as data | nothing | nothing |
 * | std::nullptr_t; an invalid QVariant inside a list or map | std::nullptr_t | std::nullptr_t |
 * | bool | bool | bool |
 * | integers of any width, enumerations, QFlags | qlonglong | qlonglong |
 * | float, double, qfloat16 (finite) | double; qlonglong where it is a whole number that fits, -0.0 too | double |
 * | QString, QChar | QString | QString |
 * | QByteArray as data | QByteArray | QByteArray |
 * | QByteArray inside a list or map | refused by toJson() | QByteArray |
 * | QStringList, QVariantList, QByteArrayList | QVariantList | QVariantList |
 * | QVariantMap, QVariantHash | QVariantMap | QVariantMap |
 * | QDateTime (years 0 to 9999) | QString, ISO 8601 with milliseconds and offset | QDateTime |
 * | QDate, QTime | QString, ISO 8601 | QString |
 * | QUrl | QString, fully encoded | QUrl |
 * | QUuid | QString, without braces | QUuid |
 * | QJsonValue, QJsonObject, QJsonArray, QJsonDocument | as the values they hold | as the values they hold |
 * | QCborValue, QCborMap, QCborArray (keys are strings; no undefined, no unknown tags) | as the values they hold | as the values they hold |
 * | a Q_GADGET with properties | QVariantMap of its properties, see value() | QVariantMap of its properties |
 * | other containers that QVariant can iterate (QList<T>, QMap<QString, T>) | QVariantList, QVariantMap | QVariantList, QVariantMap |
 *
 * Everything else is refused and named, above all NaN, infinity, a quint64 beyond 2^63-1, lone surrogates, pointers and
 * types that are not in the table. Nothing is turned into null.
 */
class QANAT_CORE_EXPORT Event
{
    Q_GADGET
    Q_PROPERTY(QString id READ id)
    Q_PROPERTY(QString type READ type)
    Q_PROPERTY(QString source READ source)
    Q_PROPERTY(QString subject READ subject)
    Q_PROPERTY(QDateTime time READ time)
    Q_PROPERTY(QString dataContentType READ dataContentType)
    Q_PROPERTY(QString dataSchema READ dataSchema)
    Q_PROPERTY(QVariant data READ data)
    Q_PROPERTY(QVariantMap extensions READ extensions)
public:
    /*!
     * An empty event: without any attribute, invalid, and without an allocation. The first setter makes it an event with
     * a fresh id and the time of that moment. A moved-from event is empty too.
     */
    Event() noexcept = default;

    /*!
     * An event of \a type that happens now: its id is a fresh UUIDv7 and its time the wall clock's, in UTC.
     */
    explicit Event(QString type, QVariant data = {});

    //! Copying counts a reference.
    Event(const Event &other) noexcept;
    //! Leaves \a other empty.
    Event(Event &&other) noexcept
        : d(std::exchange(other.d, nullptr))
    {
    }
    //! Copying counts a reference.
    Event &operator=(const Event &other) noexcept;
    //! Leaves \a other empty.
    Event &operator=(Event &&other) noexcept
    {
        Event moved(std::move(other));
        swap(moved);
        return *this;
    }
    ~Event()
    {
        if (d)
            release(d);
    }

    //! Exchanges the two, without a look at what they hold.
    void swap(Event &other) noexcept { std::swap(d, other.d); }

    /*!
     * Identifies the event together with its source.
     *
     * An id that was not set is a UUIDv7 (RFC 9562, section 5.7): unique across threads and processes, and greater, as
     * text too, than every id that was generated in the same thread before, whatever the wall clock does.
     */
    [[nodiscard]] QString id() const;
    //! What kind of thing happened, by convention in reverse-DNS or dotted notation.
    [[nodiscard]] QString type() const;
    //! The same without a copy, to be compared; for as long as this event or a copy of it exists and is not changed.
    [[nodiscard]] QStringView typeView() const noexcept;
    /*!
     * Where it happened, a URI reference. If none was set: `/` and the application's name, or `/qanat` where that has
     * no name. The name is taken once, at the first question after QCoreApplication was made.
     */
    [[nodiscard]] QString source() const;
    //! What it happened to, within the source; empty if not set.
    [[nodiscard]] QString subject() const;
    //! When it happened, in milliseconds, with its offset from UTC, or in UTC if QDateTime has no such offset; invalid if unset.
    [[nodiscard]] QDateTime time() const;
    //! The time as RFC 3339 writes it: exactly the text that was read, or one with milliseconds; empty if unset.
    [[nodiscard]] QString timeText() const;
    //! The media type of the data (RFC 2046); empty if not set, which means JSON.
    [[nodiscard]] QString dataContentType() const;
    //! The URI of the schema of the data; empty if not set.
    [[nodiscard]] QString dataSchema() const;
    //! What happened, in detail. An invalid QVariant is *no data*; one that holds std::nullptr_t is the datum *null*.
    [[nodiscard]] QVariant data() const;
    //! The extension attribute \a name; an invalid QVariant if it is not set.
    [[nodiscard]] QVariant extension(const QString &name) const;
    //! All extension attributes.
    [[nodiscard]] QVariantMap extensions() const;

    //! Sets the id. An empty one makes the event invalid.
    void setId(QString id);
    //! Sets the type. An empty one makes the event invalid.
    void setType(QString type);
    //! Sets the source, a URI reference (RFC 3986, section 4.1; characters beyond ASCII are let through). Empty: the default.
    void setSource(QString source);
    //! Sets the subject; empty unsets it.
    void setSubject(QString subject);
    //! Sets the time with its offset from UTC, in years 0 to 9999; a null QDateTime unsets it.
    void setTime(const QDateTime &time);
    //! Sets the media type of the data, `type/subtype` with optional parameters; empty unsets it.
    void setDataContentType(QString type);
    //! Sets the schema, an absolute URI (RFC 3986, section 4.3, a fragment is let through); empty unsets it.
    void setDataSchema(QString uri);
    //! Sets the data; an invalid QVariant unsets it.
    void setData(QVariant data);
    /*!
     * Sets an extension attribute; an invalid QVariant removes it.
     *
     * \a name has lower-case ASCII letters and digits only and is none of CloudEvents' own (CloudEvents 1.0.2, section
     * 3.1). \a value is a bool, an int, a QString, a QByteArray, a QUrl or a QDateTime. JSON has no types for the last
     * three: they come back from there as strings.
     */
    void setExtension(const QString &name, const QVariant &value);

    //! Whether the attributes obey CloudEvents. Known since they were set: costs the reading of a flag.
    [[nodiscard]] bool isValid() const noexcept;
    //! The first attribute that is wrong, and why; empty if the event is valid. Never shows values.
    [[nodiscard]] QString errorText() const;

    //! Whether the data can leave the process, see the table above. Looks through the data once and remembers.
    [[nodiscard]] bool isPortable() const;
    /*!
     * What in the data cannot leave the process, and where: `data.items[3].price: NaN cannot be carried`. Empty if all
     * of it can. Shows names of keys and types, never values.
     */
    [[nodiscard]] QString portabilityError() const;

    /*!
     * The event in the JSON Event Format for CloudEvents 1.0.2: UTF-8, compact, byte for byte the same whenever it is
     * asked. Fails if the event is invalid, if its data is not portable, with a QByteArray inside the data, or where the
     * content type is not JSON and the data neither text nor bytes. Data that is itself a QByteArray becomes `data_base64`.
     */
    [[nodiscard]] Result<QByteArray> toJson() const;

    /*!
     * Reads an event in the JSON Event Format for CloudEvents 1.0.2.
     *
     * Members it does not know are extensions; a member that is null, other than `data`, is not set. The text of `time`
     * is kept exactly. Refused, with an error that names the place: what is not JSON by RFC 8259 or not UTF-8, members
     * named twice, another `specversion` than 1.0, missing or wrong attributes, integers that do not fit into 64 bits
     * (32 for extensions), numbers that a double cannot hold, lone surrogates, and more than 512 levels of data.
     */
    [[nodiscard]] static Result<Event> fromJson(QByteArrayView json);

    /*!
     * An event that carries \a value: its type is typeOf<T>(), its data the value itself. What \a T needs is what QVariant
     * needs; to leave the process it is a Q_GADGET with properties, which may be gadgets, enumerations and containers of such.
     *
     * \code
     * struct DocumentRenamed
     * {
     *     Q_GADGET
     *     Q_CLASSINFO("EventType", "document.renamed")
     *     Q_PROPERTY(QString from MEMBER from)
     *     Q_PROPERTY(QString to MEMBER to)
     * public:
     *     QString from;
     *     QString to;
     * };
     * events->write(Event::fromValue(DocumentRenamed{from, to}));
     * \endcode
     */
    template<typename T>
    [[nodiscard]] static Event fromValue(const T &value)
    {
        return Event(typeOf<T>(), QVariant::fromValue(value));
    }
    //! What events that carry a \a T are called: the class info `EventType` of a Q_GADGET, else the name of the type, with
    //! dots for what separates its namespaces.
    template<typename T>
    [[nodiscard]] static QString typeOf()
    {
        return typeOf(QMetaType::fromType<T>());
    }
    //! The same for a type that is known at run time only.
    [[nodiscard]] static QString typeOf(QMetaType type);

    /*!
     * The data as a \a T: the value itself, where the data holds one; else it is made of data as it comes from JSON or CBOR,
     * a gadget from a map of its properties. Properties that are not named there keep what a new gadget has in them, and
     * what the gadget does not know is passed over. Fails where a part has another type or does not fit, and names it:
     * `data.copies: a text cannot be taken as int`. Numbers never lose anything but the precision of a float.
     */
    template<typename T>
    [[nodiscard]] Result<T> value() const
    {
        const Result<QVariant> value = valueAs(QMetaType::fromType<T>());
        if (!value)
            return Failure{value.errorText()};
        return *static_cast<const T *>(value->constData());
    }
    //! The same for a type that is known at run time only. The QVariant holds exactly that type.
    [[nodiscard]] Result<QVariant> valueAs(QMetaType type) const;

    /*!
     * The event as a CBOR map (RFC 8949) with the same members as in JSON. Bytes stay bytes, and QDateTime, QUrl and QUuid
     * carry their tags (0, 32, 37). Fails if the event is invalid or its data is not portable.
     */
    [[nodiscard]] Result<QByteArray> toCbor() const;

    //! Reads what toCbor() writes, with the same rules as fromJson(). Safe against truncated and hostile input.
    [[nodiscard]] static Result<Event> fromCbor(QByteArrayView cbor);

    /*!
     * The data alone as JSON. Fails if there is none, if it is not portable, or if it is or holds a QByteArray.
     */
    [[nodiscard]] Result<QByteArray> dataToJson() const;

    //! Reads any single JSON value as data, with the same rules as fromJson().
    [[nodiscard]] static Result<QVariant> dataFromJson(QByteArrayView json);

    /*!
     * About how many bytes of memory the event holds, what it shares with others included. Computed when it is first
     * asked for.
     */
    [[nodiscard]] qsizetype estimatedSize() const;

    //! Whether all attributes, to the digit of the time, and the data are equal.
    friend bool operator==(const Event &one, const Event &other) { return one.equals(other); }
    friend bool operator!=(const Event &one, const Event &other) { return !one.equals(other); }
    friend void swap(Event &one, Event &other) noexcept { one.swap(other); }

private:
    friend struct Chunk;
    friend struct EventData;
    friend class Hopper;
    explicit Event(EventData *data) noexcept
        : d(data)
    {
    }
    static void release(EventData *data, int count = 1) noexcept;
    EventData &detached();
    bool equals(const Event &other) const;

    EventData *d = nullptr;
};

//! Shows type and id, never the data.
QANAT_CORE_EXPORT QDebug operator<<(QDebug debug, const Event &event);

} // namespace Qanat

Q_DECLARE_TYPEINFO(Qanat::Event, Q_RELOCATABLE_TYPE);
Q_DECLARE_METATYPE(Qanat::Event)

#endif
