// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_CONFIGURATIONREADER_P_H
#define QANAT_HTTP_CONFIGURATIONREADER_P_H

#include <QtCore/qjsonobject.h>
#include <QtCore/qjsonvalue.h>
#include <QtCore/qset.h>
#include <QtCore/qstring.h>
#include <QtCore/qstringlist.h>

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

namespace Qanat {

/*!
 * Reads the members of a JSON object one after the other, each where it is there, and keeps the first thing that is wrong, with its place.
 */
class ConfigurationReader
{
public:
    explicit ConfigurationReader(const QJsonObject &object);

    //! The object that is a member; an empty one if it is not there. finish() of the whole looks at it, too.
    [[nodiscard]] ConfigurationReader &part(const QString &name);

    void read(const QString &name, QString &value);
    void read(const QString &name, QStringList &value);
    //!@{
    //! A whole number that is not negative.
    void read(const QString &name, int &value);
    void read(const QString &name, qint64 &value);
    //!@}
    void readDuration(const QString &name, std::chrono::milliseconds &value);
    void readSize(const QString &name, qint64 &value);
    //! One of several words.
    template<typename T>
    void readWord(const QString &name, T &value, const std::vector<std::pair<QString, T>> &words)
    {
        QString word;
        read(name, word);
        if (word.isEmpty())
            return;
        QStringList known;
        for (const auto &[text, meaning] : words) {
            if (text == word) {
                value = meaning;
                return;
            }
            known.append(text);
        }
        failWord(name, word, known);
    }

    [[nodiscard]] bool has(const QString &name) const { return m_object.contains(name); }
    //! The members of an object that has any names.
    [[nodiscard]] QStringList names() const { return m_object.keys(); }
    //! Something is wrong with a member.
    void fail(const QString &name, const QString &text);
    //! What is wrong first; empty if nothing is. Members that were never asked for are.
    [[nodiscard]] QString finish();

private:
    ConfigurationReader(const QJsonObject &object, const QString &path, const std::shared_ptr<QString> &error);
    [[nodiscard]] QJsonValue take(const QString &name);
    void failWord(const QString &name, const QString &word, const QStringList &known);
    void failKind(const QString &name, const QString &kind);
    void readNumber(const QString &name, qint64 &value, qint64 most);

    const QJsonObject m_object;
    const QString m_path;
    const std::shared_ptr<QString> m_error;
    QSet<QString> m_asked;
    std::vector<std::unique_ptr<ConfigurationReader>> m_parts;
};

} // namespace Qanat

#endif
