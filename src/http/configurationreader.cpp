// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "configurationreader_p.h"

#include "Qanat/core/bytesize.h"
#include "Qanat/core/duration.h"
#include "Qanat/http/httpsink.h"

#include <QtCore/qjsonarray.h>

#include <cmath>

namespace Qanat {

using namespace Qt::StringLiterals;

ConfigurationReader::ConfigurationReader(const QJsonObject &object)
    : ConfigurationReader(object, QString(), std::make_shared<QString>())
{
}

ConfigurationReader::ConfigurationReader(const QJsonObject &object, const QString &path,
                                         const std::shared_ptr<QString> &error)
    : m_object(object)
    , m_path(path)
    , m_error(error)
{
}

QJsonValue ConfigurationReader::take(const QString &name)
{
    m_asked.insert(name);
    return m_object.value(name);
}

ConfigurationReader &ConfigurationReader::part(const QString &name)
{
    const QJsonValue value = take(name);
    if (!value.isUndefined() && !value.isObject())
        failKind(name, HttpSink::tr("an object"));
    m_parts.push_back(
        std::unique_ptr<ConfigurationReader>(new ConfigurationReader(value.toObject(), m_path + name + u'.', m_error)));
    return *m_parts.back();
}

void ConfigurationReader::fail(const QString &name, const QString &text)
{
    if (m_error->isEmpty())
        *m_error = m_path + name + u": "_s + text;
}

void ConfigurationReader::failKind(const QString &name, const QString &kind)
{
    fail(name, HttpSink::tr("is not %1").arg(kind));
}

void ConfigurationReader::failWord(const QString &name, const QString &word, const QStringList &known)
{
    fail(name, HttpSink::tr("\"%1\" is none of %2").arg(word.left(40), known.join(u", "_s)));
}

void ConfigurationReader::read(const QString &name, QString &value)
{
    const QJsonValue found = take(name);
    if (found.isString())
        value = found.toString();
    else if (!found.isUndefined())
        failKind(name, HttpSink::tr("a text"));
}

void ConfigurationReader::read(const QString &name, QStringList &value)
{
    const QJsonValue found = take(name);
    if (found.isUndefined())
        return;
    if (!found.isArray())
        return failKind(name, HttpSink::tr("a list of texts"));
    const QJsonArray items = found.toArray();
    for (const QJsonValue &item : items) {
        if (!item.isString())
            return failKind(name, HttpSink::tr("a list of texts"));
        value.append(item.toString());
    }
}

void ConfigurationReader::read(const QString &name, int &value)
{
    qint64 number = value;
    readNumber(name, number, std::numeric_limits<int>::max());
    value = int(number);
}

void ConfigurationReader::read(const QString &name, qint64 &value)
{
    readNumber(name, value, qint64(1) << 53); // Beyond that a JSON number may be another one.
}

void ConfigurationReader::readNumber(const QString &name, qint64 &value, qint64 most)
{
    const QJsonValue found = take(name);
    if (found.isUndefined())
        return;
    const double number = found.toDouble(std::nan(""));
    if (!(number >= 0) || !(number <= double(most)) || std::trunc(number) != number)
        return failKind(name, HttpSink::tr("a whole number from 0 to %1").arg(most));
    value = qint64(number);
}

void ConfigurationReader::readDuration(const QString &name, std::chrono::milliseconds &value)
{
    QString text;
    read(name, text);
    if (!has(name) || !take(name).isString())
        return;
    const auto duration = parseDuration(text);
    if (duration)
        value = *duration;
    else
        fail(name, duration.errorText());
}

void ConfigurationReader::readSize(const QString &name, qint64 &value)
{
    QString text;
    read(name, text);
    if (!has(name) || !take(name).isString())
        return;
    const auto size = parseByteSize(text);
    if (size)
        value = *size;
    else
        fail(name, size.errorText());
}

QString ConfigurationReader::finish()
{
    for (const QString &name : names()) {
        if (!m_asked.contains(name))
            fail(name, HttpSink::tr("is not known here"));
    }
    for (const auto &part : m_parts)
        static_cast<void>(part->finish());
    return *m_error;
}

} // namespace Qanat
