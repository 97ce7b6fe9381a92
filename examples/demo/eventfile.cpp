// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "eventfile.h"

#include <Qanat/Event>

#include <QtCore/qdiriterator.h>
#include <QtCore/qfile.h>
#include <QtCore/qfileinfo.h>

using namespace Qt::StringLiterals;
using namespace Qanat;

namespace Demo {

namespace {

Event nextEvent(QDirIterator &files, int number)
{
    if (!files.hasNext())
        return Event(u"demo.number"_s, number);
    const QFileInfo file = files.nextFileInfo();
    const QVariantMap data = {
        {u"name"_s, file.fileName()},
        {u"size"_s, file.size()},
        {u"modified"_s, file.lastModified().toUTC()},
    };
    return Event(u"demo.file.found"_s, data);
}

} // namespace

Result<EventFile> writeEventFile(const QString &path, int count)
{
    EventFile result;
    result.path = path;
    QFile output(path);
    if (!output.open(QIODevice::WriteOnly))
        return Failure{path + u": "_s + output.errorString()};

    QDirIterator files(u"/usr"_s, QDir::Files | QDir::NoSymLinks, QDirIterator::Subdirectories);
    while (result.ids.size() < count) {
        Event event = nextEvent(files, static_cast<int>(result.ids.size()));
        event.setSource(u"/qanat-demo"_s);
        const Result<QByteArray> line = event.toJson();
        // The name of a file may be no text at all; such a file is left out.
        if (!line)
            continue;
        output.write(*line + '\n');
        result.ids.append(event.id());
    }
    if (!output.flush())
        return Failure{path + u": "_s + output.errorString()};
    result.bytes = output.size();
    return result;
}

} // namespace Demo
