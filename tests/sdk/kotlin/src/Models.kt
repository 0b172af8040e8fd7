// The classes that every device of the tests has. Names and types are those of tests/sdk/js.

import io.realm.kotlin.ext.realmDictionaryOf
import io.realm.kotlin.ext.realmListOf
import io.realm.kotlin.ext.realmSetOf
import io.realm.kotlin.types.EmbeddedRealmObject
import io.realm.kotlin.types.MutableRealmInt
import io.realm.kotlin.types.RealmAny
import io.realm.kotlin.types.RealmDictionary
import io.realm.kotlin.types.RealmInstant
import io.realm.kotlin.types.RealmList
import io.realm.kotlin.types.RealmObject
import io.realm.kotlin.types.RealmSet
import io.realm.kotlin.types.RealmUUID
import io.realm.kotlin.types.annotations.PrimaryKey
import org.mongodb.kbson.BsonDecimal128
import org.mongodb.kbson.BsonObjectId

/** One property of every type and kind of collection. */
class Everything : RealmObject {
    @PrimaryKey
    var _id: String = ""
    var bool: Boolean = false
    var int: Long = 0
    var float: Float = 0f
    var double: Double = 0.0
    var string: String = ""
    var data: ByteArray = byteArrayOf()
    var date: RealmInstant = RealmInstant.from(0, 0)
    var decimal: BsonDecimal128 = BsonDecimal128("0")
    var objectId: BsonObjectId = BsonObjectId("000000000000000000000000")
    var uuid: RealmUUID = RealmUUID.from("00000000-0000-0000-0000-000000000000")
    var optionalInt: Long? = null
    var optionalString: String? = null
    var optionalDate: RealmInstant? = null
    var counter: MutableRealmInt = MutableRealmInt.create(0)
    var mixed: RealmAny? = null
    var link: Everything? = null
    var part: Part? = null
    var ints: RealmList<Long> = realmListOf()
    var strings: RealmList<String> = realmListOf()
    var mixeds: RealmList<RealmAny?> = realmListOf()
    var links: RealmList<Everything> = realmListOf()
    var parts: RealmList<Part> = realmListOf()
    var intSet: RealmSet<Long> = realmSetOf()
    var stringSet: RealmSet<String> = realmSetOf()
    var intMap: RealmDictionary<Long> = realmDictionaryOf()
    var mixedMap: RealmDictionary<RealmAny?> = realmDictionaryOf()
    var partMap: RealmDictionary<Part?> = realmDictionaryOf()
}

/** An embedded object, with others inside. */
class Part : EmbeddedRealmObject {
    var name: String = ""
    var n: Long? = null
    var pieces: RealmList<Piece> = realmListOf()
}

/** An object embedded in an embedded object. */
class Piece : EmbeddedRealmObject {
    var name: String = ""
}
