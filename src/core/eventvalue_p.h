// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_EVENTVALUE_P_H
#define QANAT_CORE_EVENTVALUE_P_H

#include "text_p.h"

#include <QtCore/qbytearrayview.h>
#include <QtCore/qstring.h>
#include <QtCore/qstringview.h>
#include <QtCore/qvariant.h>

QT_BEGIN_NAMESPACE
class QCborArray;
class QCborMap;
class QCborValue;
class QUuid;
QT_END_NAMESPACE

namespace Qanat {

struct EventData;

//! How deep lists and maps may be nested in data. QJsonDocument and QCborValue end at 1024, and the stack somewhere.
inline constexpr int MaximumDataDepth = 512;

//! What is the same in the errors of both formats, writing and reading.
namespace ValueFault {
inline constexpr char TooDeep[] = QT_TRANSLATE_NOOP("Qanat", "nested deeper than 512 levels");
inline constexpr char LoneSurrogate[] = QT_TRANSLATE_NOOP("Qanat", "text with a lone surrogate cannot be carried");
inline constexpr char KeySurrogate[] =
    QT_TRANSLATE_NOOP("Qanat", "has a key with a lone surrogate, which cannot be carried");
inline constexpr char NaN[] = QT_TRANSLATE_NOOP("Qanat", "NaN cannot be carried");
inline constexpr char Infinity[] = QT_TRANSLATE_NOOP("Qanat", "infinity cannot be carried");
inline constexpr char IntegerRange[] =
    QT_TRANSLATE_NOOP("Qanat", "an integer that does not fit into 64 bits with a sign cannot be carried");
inline constexpr char DuplicateKey[] = QT_TRANSLATE_NOOP("Qanat", "is named twice");
} // namespace ValueFault

/*!
 * A place within a value: a step, and where it was taken from. Lives on the stack of a recursion, so that it costs nothing
 * until somebody has to print it.
 */
struct ValuePath
{
    const ValuePath *parent = nullptr;
    QStringView key; //!< A step into a map; the first step is the name of the whole.
    qsizetype index = -1; //!< A step into a list, where not negative.

    //! `data.items[3].price`; keys that are no words are quoted, what is very long is shortened.
    [[nodiscard]] QString toString() const;
};

//! A key for an error text: quoted if it is no word, shortened if it is long, control characters replaced.
[[nodiscard]] QString printableKey(QStringView key);

//! Is told what a walk over a value finds.
class ValueVisitor
{
public:
    ValueVisitor() = default;
    virtual ~ValueVisitor();
    Q_DISABLE_COPY_MOVE(ValueVisitor)

    virtual void visitNull() = 0;
    virtual void visitBool(bool value) = 0;
    virtual void visitInteger(qint64 value) = 0;
    virtual void visitDouble(double value) = 0;
    virtual void visitText(QStringView value) = 0;
    //! Answers why bytes cannot be carried; null if they can.
    virtual const char *visitBytes(const QByteArray &value) = 0;
    virtual void visitDateTime(QStringView iso) = 0;
    virtual void visitUrl(QStringView encoded) = 0;
    virtual void visitUuid(const QUuid &value) = 0;
    virtual void beginList(qsizetype size) = 0;
    virtual void endList() = 0;
    virtual void beginMap(qsizetype size) = 0;
    virtual void visitKey(QStringView key) = 0;
    virtual void endMap() = 0;
};

/*!
 * Walks over what an event can carry out of the process, and ends at the first thing that it cannot. The one place that
 * knows the table in the documentation of Event.
 */
class ValueWalker
{
public:
    explicit ValueWalker(ValueVisitor &visitor)
        : m_visitor(visitor)
    {
    }

    //! Walks over \a value; false if something in it cannot be carried.
    bool walk(const QVariant &value, const ValuePath &path);
    //! What cannot be carried, and where.
    [[nodiscard]] QString errorText() const { return m_errorText; }

private:
    bool walkCbor(const QCborValue &value, const ValuePath &path);
    bool walkText(QStringView text, const ValuePath &path);
    bool walkDouble(double value, const ValuePath &path);
    bool walkUnsigned(quint64 value, const ValuePath &path);
    bool walkEnumeration(const QVariant &value, const ValuePath &path);
    bool walkDateTime(const QVariant &value, const ValuePath &path);
    bool walkOther(const QVariant &value, const ValuePath &path);
    template<typename List, typename WalkItem>
    bool walkList(const List &list, const ValuePath &path, WalkItem walkItem);
    template<typename Map>
    bool walkMap(const Map &map, const ValuePath &path);
    bool walkCborMap(const QCborMap &map, const ValuePath &path);
    bool enter(const ValuePath &path);
    bool walkKey(QStringView key, const ValuePath &path);
    bool refuse(const ValuePath &path, const QString &reason);
    bool refuse(const ValuePath &path, const char *reason) { return refuse(path, Text::tr(reason)); }

    ValueVisitor &m_visitor;
    QString m_errorText;
    int m_depth = 0;
};

//! What in \a data cannot leave the process, and where; empty if all of it can.
[[nodiscard]] QString findPortabilityFault(const QVariant &data);

//! About how many bytes of memory an event holds.
[[nodiscard]] qsizetype estimateEventSize(const EventData &event);

} // namespace Qanat

#endif
