// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_JSONSCANNER_P_H
#define QANAT_CORE_JSONSCANNER_P_H

#include <QtCore/qbytearray.h>
#include <QtCore/qbytearrayview.h>
#include <QtCore/qstring.h>

#include <deque>
#include <vector>

namespace Qanat {

/*!
 * Finds in a JSON text what QJsonDocument passes over in silence: integers that it makes doubles because they do not fit into
 * 64 bits, names that stand twice in one object, numbers such as `.5`, escapes such as `\x`, and bare control characters.
 *
 * It knows tokens and nesting only; that the text is JSON otherwise is for QJsonDocument to say. Any bytes are safe.
 */
class JsonScanner
{
public:
    //! \a rootName is how errors call the outermost list's items; empty if the outermost value is a map.
    explicit JsonScanner(QByteArrayView json, QStringView rootName = {});

    //! The first fault and its place; empty if there is none.
    [[nodiscard]] QString findFault();

private:
    struct Level
    {
        bool isMap;
        qsizetype index; //!< In a list: of the item.
        std::size_t firstKey; //!< In a map: in m_keys.
        QByteArrayView key; //!< In a map: of the member.
    };

    void scanToken();
    void scanNumber();
    void scanString();
    void checkNumber(QByteArrayView token);
    void open(char bracket);
    void close();
    void nextItem();
    void findDuplicate(const Level &level);
    QByteArrayView unescaped(QByteArrayView key);
    void fail(const char *reason);

    QByteArrayView m_json;
    QStringView m_rootName;
    qsizetype m_at = 0;
    bool m_atKey = false;
    std::vector<Level> m_levels;
    std::vector<QByteArrayView> m_keys; //!< Of all open maps.
    std::deque<QByteArray> m_unescaped; //!< What views of keys with escapes point to.
    QString m_fault;
};

} // namespace Qanat

#endif
